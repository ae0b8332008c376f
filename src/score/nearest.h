// The rows of a table that point most nearly the same way as one of them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/score/top_k.h"

namespace latent {

struct Vectors {
  const float* rows;         ///< [N, K]
  int32_t count, factors;    ///< N, K
  const float* last = nullptr;  ///< [N] one more coordinate; null: none
  bool last_is_one = false;     ///< one more coordinate, 1 for every row
};

/// Up to k rows by their cosine with row `row`, that one left out, best first, ties to the lower
/// index. `counts` [N]: rows of training; who has none is left out; empty: all are taken.
std::vector<Scored> nearest(const Vectors& vectors, int32_t row, int64_t k,
                            std::span<const int32_t> counts);

}  // namespace latent
