#include "src/serve/batch_recommender.h"

#include <algorithm>

#include "src/base/parallel.h"

namespace latent {

BatchRecommender::BatchRecommender(const FactorView& model, const UserItems& seen,
                                   std::vector<char> allowed)
    : model_(model), scorer_(model), seen_(seen), allowed_(std::move(allowed)) {}

std::vector<std::vector<Scored>> BatchRecommender::recommend(const std::vector<int32_t>& users,
                                                             int64_t k, bool exclude_seen,
                                                             int threads) const {
  constexpr int64_t kUsersPerChunk = 16;
  const auto count = static_cast<int64_t>(users.size());
  std::vector<std::vector<Scored>> out(users.size());
  parallel_chunks(ceil_div(count, kUsersPerChunk), threads, [&](int64_t chunk) {
    std::vector<float> scores(model_.items);
    for (int64_t n = chunk * kUsersPerChunk; n < std::min(count, (chunk + 1) * kUsersPerChunk);
         ++n) {
      scorer_.scores(users[n], scores.data());
      TopK best(static_cast<int>(std::min<int64_t>(k, model_.items)));
      const auto seen = exclude_seen ? seen_.of(users[n]) : std::span<const int32_t>();
      auto skip = seen.begin();
      for (int32_t i = 0; i < model_.items; ++i) {
        if (skip != seen.end() && *skip == i) {
          ++skip;
        } else if (allowed_.empty() || allowed_[i]) {
          best.push(i, scores[i]);
        }
      }
      out[n] = best.take();
    }
  });
  return out;
}

}  // namespace latent
