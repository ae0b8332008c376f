#include "src/train/thresholds.h"

#include <algorithm>
#include <functional>

#include "src/base/parallel.h"
#include "src/kernels/panels.h"

namespace latent {

std::vector<float> kth_scores(const FactorView& view, const UserItems& known,
                              std::span<const int32_t> drawn, int64_t k,
                              const OwnedRows& users) {
  constexpr int64_t kUsers = 64;  // of a chunk
  std::vector<float> out(view.users);
  const auto score = [&](int32_t u, int32_t i) {
    return dot_of(view.factors_of_user(u), view.factors_of_item(i), view.factors) +
           (view.beta_item == nullptr ? 0 : view.beta_item[i]);
  };
  const Piece own = users.shared() ? users.own() : Piece{0, view.users};
  parallel_chunks(ceil_div(own.size(), kUsers), default_threads(), [&](int64_t chunk) {
    std::vector<float> scores;
    const int64_t from = own.begin + chunk * kUsers;
    const auto end = static_cast<int32_t>(std::min(own.end, from + kUsers));
    for (auto u = static_cast<int32_t>(from); u < end; ++u) {
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
  if (users.shared()) {
    const SharedArray array{out.data(), sizeof(float), pieces_of(users.shares)};
    users.peers->gather({&array, 1});
  }
  return out;
}

}  // namespace latent
