// Which items lists show: coverage, novelty and concentration.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/metrics/ranking_sums.h"
#include "src/score/top_k.h"
#include "src/score/user_items.h"

namespace latent {

/// Counts in how many users' lists each item stands, at each cut-off.
class Exposure {
 public:
  /// `unlisted` [I]: items that no list shows, whatever they score; empty: none. Keeps references.
  Exposure(const std::vector<int64_t>& cut_offs, int32_t items, std::span<const char> unlisted);

  /// A user's list, best first, of which unlisted items are passed over. From any thread: counts
  /// are whole numbers.
  void add(std::span<const Scored> list);

  /// Adds the counts of all ranks' lists together.
  void add_up(Peers& peers);

  int64_t items() const { return std::ssize(allowed_); }
  /// How many items are unlisted.
  int64_t unlisted() const { return unlisted_count_; }
  /// [I] whether an item may stand in a list.
  std::span<const char> allowed() const { return allowed_; }

  /// coverage@k: the share of all items that stand in some list. novelty@k: the mean over the
  /// places of all lists of -log2(share of the users with items in `had` who had that one), where
  /// an item that nobody had counts as if one user had (Vargas & Castells, RecSys 2011, mean
  /// self-information). gini@k: the Gini coefficient of how often items stand in lists, over all
  /// items: 0 where each stands in as many, 1 - 1 / I where one item takes all places. Empty
  /// without a list that shows something.
  NamedFigures figures(const UserItems& had) const;

 private:
  const std::vector<int64_t>& cut_offs_;
  std::vector<char> allowed_;
  int64_t unlisted_count_ = 0;
  std::vector<std::vector<int64_t>> counts_;  // [cut-offs][I]
};

}  // namespace latent
