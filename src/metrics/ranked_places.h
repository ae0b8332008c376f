// How ranks share the ranking of users, and add their figures in the order in which one would.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/metrics/ranking_sums.h"

namespace latent {

/// The places of a list of users. They are summed in chunks, each by the rank that has its first
/// user; what another one has of it, its head, goes there user by user.
class RankedPlaces {
 public:
  static constexpr int64_t kChunk = 64;

  /// `users`: who is ranked, ascending; `rows`: whose they are.
  RankedPlaces(std::span<const int32_t> users, const OwnedRows& rows);

  Peers& peers() const { return peers_; }
  Piece own() const { return piece_of(shares_, peers_.rank()); }
  Piece head() const { return head_of(peers_.rank()); }
  /// Numbers of the chunks that this rank sums.
  Piece chunks() const;
  /// The own places of a chunk.
  Piece places_of(int64_t chunk) const;

  /// Adds the sums of all ranks' places to `total`, which is the same on all then, in the order of
  /// chunks. `heads`: of each user of the own head; `chunks`: of the own places of each own chunk.
  void add_up(std::vector<RankingSums>& heads, std::vector<RankingSums>& chunks,
              RankingSums& total) const;

 private:
  Piece head_of(int rank) const;
  void complete(std::vector<RankingSums>& heads, RankingSums* last, size_t width) const;

  Peers& peers_;
  Shares shares_;
};

}  // namespace latent
