#include "src/metrics/ranked_places.h"

#include <algorithm>

#include "src/base/parallel.h"

namespace latent {

RankedPlaces::RankedPlaces(std::span<const int32_t> users, const OwnedRows& rows)
    : peers_(rows.shared() ? *rows.peers : alone()), shares_{0, std::ssize(users)} {
  if (!rows.shared()) return;
  shares_.clear();
  for (const int64_t user : rows.shares)
    shares_.push_back(std::ranges::lower_bound(users, user) - users.begin());
}

Piece RankedPlaces::chunks() const {
  return {ceil_div(own().begin, kChunk), ceil_div(own().end, kChunk)};
}

Piece RankedPlaces::places_of(int64_t chunk) const {
  return {chunk * kChunk, std::min(own().end, (chunk + 1) * kChunk)};
}

Piece RankedPlaces::head_of(int rank) const {
  const auto [begin, end] = piece_of(shares_, rank);
  return {begin, std::min(end, ceil_div(begin, kChunk) * kChunk)};
}

/// Adds what others have of the last own chunk.
void RankedPlaces::complete(std::vector<RankingSums>& heads, RankingSums* last,
                            size_t width) const {
  std::vector<double> all(peers_.size() * kChunk * width);
  std::vector<Piece> pieces;
  for (int r = 0; r < peers_.size(); ++r)
    pieces.push_back({r * kChunk, r * kChunk + head_of(r).size()});
  for (size_t n = 0; n < heads.size(); ++n)
    std::ranges::copy(heads[n].values(),
                      all.begin() + (pieces[peers_.rank()].begin + n) * width);
  const SharedArray array{all.data(), static_cast<int64_t>(width * sizeof(double)), pieces};
  peers_.gather({&array, 1});
  if (last == nullptr) return;
  const int64_t end = std::min(chunks().end * kChunk, shares_.back());
  for (int r = peers_.rank() + 1; r < peers_.size(); ++r) {
    const Piece theirs = head_of(r);
    for (int64_t place = theirs.begin; place < std::min(theirs.end, end); ++place) {
      const size_t at = (pieces[r].begin + place - theirs.begin) * width;
      for (size_t n = 0; n < width; ++n) last->values()[n] += all[at + n];
    }
  }
}

void RankedPlaces::add_up(std::vector<RankingSums>& heads, std::vector<RankingSums>& chunks,
                          RankingSums& total) const {
  if (!peers_.alone())
    complete(heads, chunks.empty() ? nullptr : &chunks.back(), total.values().size());
  for (RankingSums& head : heads) total.keep_from(std::move(head));
  peers_.in_turn(total.values().data(), static_cast<int64_t>(total.values().size_bytes()), [&] {
    for (RankingSums& chunk : chunks) total.add(std::move(chunk));
  });
  total.gather_kept(peers_);
}

}  // namespace latent
