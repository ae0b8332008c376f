#include "src/score/batch_recommender.h"

#include <algorithm>

#include "src/base/parallel.h"
#include "src/score/strip_top_k.h"

namespace latent {

BatchRecommender::BatchRecommender(const FactorView& model, const UserItemsView& seen,
                                   std::vector<char> allowed)
    : model_(model), scorer_(model), seen_(seen), allowed_(std::move(allowed)) {}

std::vector<std::vector<Scored>> BatchRecommender::recommend(const std::vector<int32_t>& users,
                                                             int64_t k, bool exclude_seen,
                                                             int threads) const {
  constexpr int64_t kUsersPerChunk = 96;
  const auto count = static_cast<int64_t>(users.size());
  const int kept = static_cast<int>(std::min<int64_t>(k, model_.items));
  std::vector<std::vector<Scored>> out(users.size());
  parallel_chunks(ceil_div(count, kUsersPerChunk), threads, [&](int64_t chunk) {
    const int64_t from = chunk * kUsersPerChunk;
    const auto block = std::span(users).subspan(from, std::min(kUsersPerChunk, count - from));
    std::vector<TopK> best(block.size(), TopK(kept));
    scorer_.for_each_strip(block, [&](const ScoreStrip& strip) {
      for (size_t n = 0; n < block.size(); ++n) {
        const auto seen = exclude_seen ? seen_.of(block[n]) : std::span<const int32_t>();
        push_row(best[n], strip.first, strip.of(n), [&](int32_t i) {
          return (allowed_.empty() || allowed_[i]) &&
                 !std::binary_search(seen.begin(), seen.end(), i);
        });
      }
    });
    for (size_t n = 0; n < block.size(); ++n) out[from + n] = best[n].take();
  });
  return out;
}

}  // namespace latent
