// Item-based nearest neighbours: which items are most alike, by the users that they share.
#pragma once

#include <cstdint>
#include <vector>

#include "src/score/user_items.h"

namespace latent {

/// Sparse rows of a square matrix over items.
struct ItemRows {
  std::vector<int64_t> start;  ///< [I + 1]
  std::vector<int32_t> item;   ///< [N], ascending within a row
  std::vector<float> weight;   ///< [N]
};

struct Neighbourhood {
  int64_t k = 0;         ///< neighbours of an item, at least 1
  double shrinkage = 0;  ///< at least 0
};

/// weight[j, i] = |U_i and U_j| / (sqrt(|U_i| |U_j|) + shrinkage) over the users of both items,
/// where j is one of the k items most similar to i and not i itself, ties to the lower index; 0
/// elsewhere. As ItemKNN with cosine similarity in Ferrari Dacrema et al. ("A troubling analysis of
/// reproducibility and progress in recommender systems research", 2021). The same bits for any
/// number of threads.
ItemRows item_knn(const UserItems& pairs, int32_t items, const Neighbourhood& options,
                  int threads);

}  // namespace latent
