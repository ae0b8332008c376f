// What `data info` counts over all rows.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "src/data/interactions.h"

namespace latent {

struct RowCounts {
  std::vector<uint32_t> of_user, of_item;  ///< rows of each
  int64_t repeated_pairs = 0;  ///< rows whose user and item stand together in an earlier one
  double rating_sum = 0;       ///< added in row order
  float rating_min = 0, rating_max = 0;
  /// Distinct ratings, ascending, and their rows; empty when there are more than `most_ratings`.
  std::vector<std::pair<float, int64_t>> ratings;
};

/// Of one row or more. Takes memory for the users and items, and for a share of the rows only.
RowCounts count_rows(const Dataset& data, size_t most_ratings);

}  // namespace latent
