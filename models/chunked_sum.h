// A sum over samples in fixed chunks: the same bits for any number of threads.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace latent {

/// Calls fn(begin, end) -> double for each chunk of [0, n), in parallel, and adds what it returns
/// in chunk order.
template <typename Fn>
double chunked_sum(int64_t n, const Fn& fn) {
  constexpr int64_t kChunk = 4096;
  const int64_t chunks = (n + kChunk - 1) / kChunk;
  std::vector<double> partial(chunks);
  constexpr int64_t kGrain =
      4;  // fewer chunks are not worth waking a thread, most of all on a busy machine
  at::parallel_for(0, chunks, kGrain, [&](int64_t from, int64_t to) {
    for (int64_t c = from; c < to; ++c) partial[c] = fn(c * kChunk, std::min(n, (c + 1) * kChunk));
  });
  double sum = 0;
  for (const double p : partial) sum += p;
  return sum;
}

}  // namespace latent
