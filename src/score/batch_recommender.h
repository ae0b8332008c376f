// Recommendations for many users, over plain tables.
#pragma once

#include <vector>

#include "src/score/factor_view.h"
#include "src/score/top_k.h"
#include "src/score/user_items.h"

namespace latent {

/// Ranks the whole catalogue for users, best first, ties to the lower index: what the exported
/// model's recommend() answers.
class BatchRecommender {
 public:
  /// `allowed` [I]: items that may be recommended; empty: all. Keeps references to the tables of
  /// `model` and `seen`.
  BatchRecommender(const FactorView& model, const UserItemsView& seen, std::vector<char> allowed);

  /// Up to k items for each of `users`.
  std::vector<std::vector<Scored>> recommend(const std::vector<int32_t>& users, int64_t k,
                                             bool exclude_seen, int threads) const;

 private:
  FactorView model_;
  CatalogueScorer scorer_;
  UserItemsView seen_;
  std::vector<char> allowed_;
};

}  // namespace latent
