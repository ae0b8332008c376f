#include "src/score/ranker.h"

#include <algorithm>

#include "src/base/parallel.h"
#include "src/score/strip_top_k.h"

namespace latent {

std::vector<std::vector<Scored>> Ranker::rank_block(std::span<const int32_t> users, int64_t k,
                                                    const RankingRules& rules) const {
  const int kept = static_cast<int>(std::min<int64_t>(k, items_));
  std::vector<TopK> best(users.size(), TopK(kept));
  std::vector<std::span<const int32_t>> left_out(users.size());
  if (!rules.left_out.start.empty()) {
    for (size_t n = 0; n < users.size(); ++n) left_out[n] = rules.left_out.of(users[n]);
  }
  scorer_.for_each_strip(users, [&](const ScoreStrip& strip) {
    for (size_t n = 0; n < users.size(); ++n) {
      const std::span<const float> scores = strip.of(n);
      if (rules.look) rules.look(n, strip.first, scores);
      const auto out = left_out[n];
      push_row(best[n], strip.first, scores, [&](int32_t i) {
        return (rules.allowed.empty() || rules.allowed[i] != 0) &&
               !std::binary_search(out.begin(), out.end(), i);
      });
    }
  });
  std::vector<std::vector<Scored>> lists;
  for (TopK& b : best) lists.push_back(b.take());
  return lists;
}

std::vector<std::vector<Scored>> Ranker::rank(std::span<const int32_t> users, int64_t k,
                                              const RankingRules& rules, int threads) const {
  const auto count = static_cast<int64_t>(users.size());
  std::vector<std::vector<Scored>> out(users.size());
  parallel_chunks(ceil_div(count, kBlock), threads, [&](int64_t chunk) {
    const int64_t from = chunk * kBlock;
    auto lists = rank_block(users.subspan(from, std::min(kBlock, count - from)), k, rules);
    std::move(lists.begin(), lists.end(), out.begin() + from);
  });
  return out;
}

}  // namespace latent
