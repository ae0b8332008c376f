#include "src/train/thresholds.h"

#include <algorithm>
#include <functional>

#include "src/base/parallel.h"
#include "src/kernels/panels.h"

namespace latent {

std::vector<float> kth_scores(const FactorView& view, const UserItems& known,
                              std::span<const int32_t> drawn, int64_t k) {
  constexpr int64_t kUsers = 64;  // of a chunk
  std::vector<float> out(view.users);
  const auto score = [&](int32_t u, int32_t i) {
    return dot_of(view.factors_of_user(u), view.factors_of_item(i), view.factors) +
           (view.beta_item == nullptr ? 0 : view.beta_item[i]);
  };
  parallel_chunks(ceil_div(view.users, kUsers), default_threads(), [&](int64_t chunk) {
    std::vector<float> scores;
    const auto end = static_cast<int32_t>(std::min<int64_t>(view.users, (chunk + 1) * kUsers));
    for (auto u = static_cast<int32_t>(chunk * kUsers); u < end; ++u) {
      scores.clear();
      for (const int32_t i : known.of(u)) scores.push_back(score(u, i));
      for (const int32_t j : drawn) {
        if (!known.has(u, j)) scores.push_back(score(u, j));
      }
      if (scores.empty()) continue;
      const auto at = scores.begin() + std::min<int64_t>(k, std::ssize(scores)) - 1;
      std::nth_element(scores.begin(), at, scores.end(), std::greater<>());
      out[u] = *at;
    }
  });
  return out;
}

}  // namespace latent
