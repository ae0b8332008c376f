// Vectors of doubles padded to fours, and chunks of rows: what the sampler of bayesian_mf works in.
#pragma once

#include <algorithm>
#include <cstdint>

#include "src/base/parallel.h"
#include "src/kernels/wide_vectors.h"

namespace latent {

constexpr int64_t kRowsOfAChunk = 64;

/// fn(first, last) for each chunk of rows.
template <typename Fn>
void for_chunks(int64_t rows, int threads, const Fn& fn) {
  parallel_chunks(ceil_div(rows, kRowsOfAChunk), threads, [&](int64_t chunk) {
    fn(chunk * kRowsOfAChunk, std::min(rows, (chunk + 1) * kRowsOfAChunk));
  });
}

// Vectors have `stride` numbers, a multiple of four, zero beyond D, and matrices as many rows: in
// code for the base instruction set alone, so that a chain's bits depend on no processor.

LATENT_INLINE Double4 load4(const double* at) {
  using At = double __attribute__((vector_size(32), aligned(8), may_alias));
  return *reinterpret_cast<const At*>(at);
}
LATENT_INLINE void store4(double* at, const Double4& v) {
  using At = double __attribute__((vector_size(32), aligned(8), may_alias));
  *reinterpret_cast<At*>(at) = v;
}

/// out += factor * x.
LATENT_INLINE void add_scaled(const double* x, double factor, int64_t size, double* out) {
  for (int64_t k = 0; k < size; k += 4) store4(out + k, load4(out + k) + factor * load4(x + k));
}

}  // namespace latent
