// The register block that products of float matrices share; for inlining into bodies of
// kernel<>().
#pragma once

#include <cstdint>

#include "src/kernels/wide_vectors.h"

namespace latent {

/// g[i .. i + kRows, j .. j + 8 kVectors] += (or -=) A[:, i .. i + kRows]^T A[:, j .. j + 8
/// kVectors] for A [rows, stride], g [., stride]. At least eight sums keep the multipliers busy.
template <int kRows, int kVectors, bool kSubtract = false>
LATENT_INLINE void gram_tile(const float* a, int64_t rows, int stride, int i, int j, float* g) {
  Float8 sum[kRows][kVectors];
  for (int n = 0; n < kRows; ++n) {
    for (int v = 0; v < kVectors; ++v) sum[n][v] = load8(g + int64_t{i + n} * stride + j + 8 * v);
  }
  for (int64_t r = 0; r < rows; ++r) {
    const float* const row = a + r * stride;
    Float8 right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = load8(row + j + 8 * v);
#pragma GCC unroll 8
    for (int n = 0; n < kRows; ++n) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        if (kSubtract) {
          sum[n][v] -= row[i + n] * right[v];
        } else {
          sum[n][v] += row[i + n] * right[v];
        }
      }
    }
  }
  for (int n = 0; n < kRows; ++n) {
    for (int v = 0; v < kVectors; ++v) store8(g + int64_t{i + n} * stride + j + 8 * v, sum[n][v]);
  }
}

}  // namespace latent
