// Rankings of held-out items among a few items drawn at random, as older papers have them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/rng.h"
#include "src/metrics/ranking.h"
#include "src/score/factor_view.h"
#include "src/score/user_items.h"

namespace latent {

struct SampledQuery {
  const UserItems* held_out;  ///< the part to find
  const UserItems* known;     ///< each user's items of all parts, held_out too: never drawn
  int64_t candidates;         ///< N: drawn for each held-out item, at least 1
  uint64_t seed;
  std::vector<int64_t> cut_offs;  ///< k
  int threads = 0;
  /// [U], [I]: who has no training row; empty: everybody has one.
  std::span<const char> cold_user = {}, cold_item = {};
  bool per_user = false;  ///< also each user's own figures
  OwnedRows users = {};   ///< who ranks which users (see RankingWork)
};

/// The figures of ranking_metrics() but those of lists: each held-out item is ranked among N items
/// drawn without replacement from those in none of the user's parts (all of them, where there are
/// fewer), equal scores at their mean over a random order; then means over the user's held-out
/// items, and over users. Users who have every item are left out. The draws depend on the seed, the
/// user and the held-out item alone: they are the same for any model and any number of threads.
/// Figures depend on N, and may order models otherwise than whole rankings do (Krichene & Rendle,
/// KDD 2020).
RankingFigures sampled_ranking_metrics(const FactorView& model, const SampledQuery& query);

/// Up to `count` distinct items of 0 ... items - 1 without those in `known` (ascending), drawn for
/// the user's held-out item, in no particular order.
std::vector<int32_t> draw_candidates(std::span<const int32_t> known, int32_t items, int64_t count,
                                     RandomStream stream);

}  // namespace latent
