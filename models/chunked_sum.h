// A sum over samples in fixed chunks: the same bits for any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "src/base/parallel.h"

namespace latent {

/// Calls fn(begin, end) -> double for each chunk of [0, n), in parallel, and adds what it returns
/// in chunk order.
template <typename Fn>
double chunked_sum(int64_t n, const Fn& fn) {
  constexpr int64_t kChunk = 4096;
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  std::vector<double> partial(chunks);
  constexpr int64_t kFew = 4;  // chunks that are not worth waking a thread
  parallel_chunks(chunks, chunks <= kFew ? 1 : default_threads(), [&](int64_t c) {
    partial[c] = fn(c * kChunk, std::min(n, (c + 1) * kChunk));
  });
  double sum = 0;
  for (const double p : partial) sum += p;
  return sum;
}

}  // namespace latent
