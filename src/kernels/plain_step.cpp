#include "src/kernels/plain_step.h"

#include <algorithm>
#include <cmath>

#include "src/base/parallel.h"

namespace latent {

// Plain loops in fixed chunks: torch's vector code rounds differently at the ends of each thread's
// range.
template <typename W>
void plain_step(const PlainTable<W>& table, int64_t n, const PlainStep& step, int threads,
                const Rounding& rounding) {
  const auto decay = static_cast<float>(step.decay), lr = static_cast<float>(step.lr);
  const auto epsilon = static_cast<float>(step.epsilon);
  W* const weight = table.w;
  float *const grad = table.gradient, *const sum = table.sum;
  constexpr int64_t kChunk = 1 << 14;
  parallel_chunks(ceil_div(n, kChunk), threads, [&](int64_t c) {
    for (int64_t k = c * kChunk; k < std::min(n, (c + 1) * kChunk); ++k) {
      const float full = grad[k] + decay * weight[k];
      if (sum != nullptr) {
        sum[k] += full * full;
        weight[k] =
            kept<W>(weight[k] - lr * full / (std::sqrt(sum[k]) + epsilon), rounding, k);
      } else {
        weight[k] = kept<W>(weight[k] - lr * full, rounding, k);
      }
      grad[k] = 0;
    }
  });
}

template void plain_step(const PlainTable<float>&, int64_t, const PlainStep&, int,
                         const Rounding&);
template void plain_step(const PlainTable<BFloat16>&, int64_t, const PlainStep&, int,
                         const Rounding&);

}  // namespace latent
