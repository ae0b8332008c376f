// Rankings of the whole catalogue against held-out items.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/metrics/ranked_rows.h"
#include "src/metrics/ranking_sums.h"
#include "src/score/factor_view.h"
#include "src/score/user_items.h"

namespace latent {

struct RankingQuery {
  const UserItems* held_out;   ///< the part to find; none of it is masked
  const UserItems* masked;     ///< items left out of each user's ranking
  const UserItems* all_parts;  ///< masked and held out: no negatives of `auc`
  std::vector<int64_t> cut_offs;  ///< k
  int threads = 0;
  /// [U], [I]: who has no training row; empty: everybody has one.
  std::span<const char> cold_user = {}, cold_item = {};
  bool lists = false;  ///< also the figures of the lists (see Exposure)
  std::span<const char> unlisted = {};  ///< [I]: items that these lists leave out; empty: none
  bool per_user = false;                ///< also each user's own figures
  const RowRanker* rows = nullptr;      ///< ranks in the place of this machine's processor
  OwnedRows users = {};                 ///< who ranks which users (see RankingWork)
};

struct RankingFigures {
  NamedFigures all;
  NamedFigures warm;  ///< of the pairs of which neither is cold; empty where no pair is cold
  /// coverage@k novelty@k gini@k of the users' lists, ties to the lower index, where they are asked
  /// for; who had an item is told by `masked`.
  NamedFigures lists;
  UserRankings users;  ///< of `all`, where they are asked for
};

/// recall@k ndcg@k hit@k precision@k map@k mrr@k and auc, means over users with held-out items.
///
/// Candidates are the items that are not masked; equal scores count at their mean over a random
/// order. recall@k = hits / held-out items; gains are binary, discounted by 1 / log2(rank + 1), the
/// ideal over min(k, held-out items); map@k = sum of the precision at each hit / min(k, held-out
/// items); mrr@k = 1 / rank of the first hit. auc: for each held-out item the share of items in
/// none of the user's parts that score lower, ties half. Empty when no user has held-out items.
RankingFigures ranking_metrics(const FactorView& model, const RankingQuery& query);

/// The notebook's AUC (Exercise 5.4): for each user of `test`, N = min(10, |test items|); N of its
/// test items against N distinct items of the test set that are not its test items; zipped; a tie
/// loses; wins / N; mean over users. `users`: who draws for which; the result is everybody's.
double auc_sampled(const FactorView& model, const UserItems& test, uint64_t seed,
                   const OwnedRows& users = {});

}  // namespace latent
