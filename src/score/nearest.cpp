#include "src/score/nearest.h"

#include <algorithm>
#include <cmath>

#include "src/base/parallel.h"

namespace latent {

namespace {

/// Sums in eight lanes, which a compiler turns into vectors.
struct Products {
  float with_row, with_itself;
};
Products products(const float* a, const float* b, int32_t n) {
  float dot[8] = {}, square[8] = {};
  int32_t k = 0;
  for (; k + 8 <= n; k += 8) {
    for (int lane = 0; lane < 8; ++lane) {
      dot[lane] += a[k + lane] * b[k + lane];
      square[lane] += b[k + lane] * b[k + lane];
    }
  }
  for (int lane = 0; k < n; ++k, ++lane) {
    dot[lane] += a[k] * b[k];
    square[lane] += b[k] * b[k];
  }
  Products out{0, 0};
  for (int lane = 0; lane < 8; ++lane) {
    out.with_row += dot[lane];
    out.with_itself += square[lane];
  }
  return out;
}

}  // namespace

std::vector<Scored> nearest(const Vectors& vectors, int32_t row, int64_t k,
                            std::span<const int32_t> counts) {
  const auto last_of = [&](int32_t n) {
    return vectors.last != nullptr ? vectors.last[n] : vectors.last_is_one ? 1.f : 0.f;
  };
  const auto at = [&](int32_t n) { return vectors.rows + int64_t{n} * vectors.factors; };
  // The norm under which TorchScript's method takes a row for zero.
  const auto norm = [](float square) { return std::max(std::sqrt(square), 1e-30f); };
  const float own_last = last_of(row);
  const float own_norm =
      norm(products(at(row), at(row), vectors.factors).with_itself + own_last * own_last);
  std::vector<float> cosines(static_cast<size_t>(vectors.count));
  constexpr int64_t kChunk = 1 << 14;
  parallel_chunks(ceil_div(vectors.count, kChunk), /*threads=*/0, [&](int64_t chunk) {
    const auto end = static_cast<int32_t>(std::min<int64_t>((chunk + 1) * kChunk, vectors.count));
    for (auto n = static_cast<int32_t>(chunk * kChunk); n < end; ++n) {
      const Products p = products(at(row), at(n), vectors.factors);
      const float last = last_of(n);
      cosines[n] = (p.with_row + own_last * last) / own_norm /
                   norm(p.with_itself + last * last);
    }
  });
  TopK best(static_cast<int>(std::clamp<int64_t>(k, 0, vectors.count - 1)));
  for (int32_t n = 0; n < vectors.count; ++n) {
    if (n != row && (counts.empty() || counts[n] > 0)) best.push(n, cosines[n]);
  }
  return best.take();
}

}  // namespace latent
