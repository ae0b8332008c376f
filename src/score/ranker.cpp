#include "src/score/ranker.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "src/base/parallel.h"
#include "src/score/coarse_catalogue.h"
#include "src/score/strip_top_k.h"

namespace latent {

namespace {

/// Whether an item ranks for one of a block's users.
class Admission {
 public:
  Admission(std::span<const int32_t> users, const RankingRules& rules)
      : allowed_(rules.allowed), left_out_(users.size()) {
    if (rules.left_out.start.empty()) return;
    for (size_t n = 0; n < users.size(); ++n) left_out_[n] = rules.left_out.of(users[n]);
  }
  bool operator()(size_t n, int32_t item) const {
    return (allowed_.empty() || allowed_[item] != 0) &&
           !std::binary_search(left_out_[n].begin(), left_out_[n].end(), item);
  }

 private:
  std::span<const char> allowed_;
  std::vector<std::span<const int32_t>> left_out_;
};

}  // namespace

struct Ranker::Coarse {
  /// The catalogue to ask for these users, or null: the real one. Whoever comes when it is worth
  /// while makes it; others go on without it meanwhile.
  const CoarseCatalogue* for_users(const FactorView& view, std::span<const UserVector> users) {
    // A smaller catalogue is read from the nearest caches. Making one takes as long as tens of
    // lists.
    constexpr int64_t kLarge = 1 << 20;
    constexpr int kWorthwhile = 32;
    if (!view.similar.empty() || int64_t{view.items} * view.factors < kLarge) return nullptr;
    if (!ready.load(std::memory_order_acquire)) {
      const auto more = static_cast<int64_t>(users.size());
      const int64_t before = asked.fetch_add(more);
      if (before > kWorthwhile || before + more <= kWorthwhile) return nullptr;
      catalogue.emplace(view);
      ready.store(true, std::memory_order_release);
    }
    const bool all = std::ranges::all_of(
        users, [&](const UserVector& user) { return catalogue->can_answer(user); });
    return all ? &*catalogue : nullptr;
  }

  std::atomic<int64_t> asked = 0;
  std::atomic<bool> ready = false;
  std::optional<CoarseCatalogue> catalogue;
};

Ranker::Ranker(const FactorView& model)
    : view_(model), scorer_(model), items_(model.items), coarse_(std::make_unique<Coarse>()) {
  if (model.factors > 0 || model.beta_user != nullptr || !model.similar.empty()) return;
  std::vector<float> scores;
  for (int32_t i = 0; i < items_; ++i) scores.push_back(scorer_.score(0, i));
  common_.emplace(std::move(scores));
}
Ranker::~Ranker() = default;
Ranker::Ranker(Ranker&&) noexcept = default;

template <typename Admits>
std::vector<std::vector<Scored>> Ranker::rank_few(std::span<const UserVector> users, int k,
                                                  const Admits& admits) const {
  std::vector<TopK> best(users.size(), TopK(k));
  if (const CoarseCatalogue* const coarse = coarse_->for_users(view_, users)) {
    const auto candidates = coarse->candidates(users, k, admits);
    for (size_t n = 0; n < users.size(); ++n) {
      for (const int32_t i : candidates[n]) best[n].push(i, scorer_.score(users[n], i));
    }
  } else {
    scorer_.for_each_strip(users, [&](const ScoreStrip& strip) {
      for (size_t n = 0; n < users.size(); ++n)
        push_row(best[n], strip.first, strip.of(n), [&](int32_t i) { return admits(n, i); });
    });
  }
  std::vector<std::vector<Scored>> lists;
  for (TopK& b : best) lists.push_back(b.take());
  return lists;
}

std::vector<std::vector<Scored>> Ranker::rank_block(std::span<const int32_t> users, int64_t k,
                                                    const RankingRules& rules) const {
  const int kept = static_cast<int>(std::min<int64_t>(k, items_));
  const Admission admits(users, rules);
  std::vector<std::vector<Scored>> lists;
  if (common_) {
    for (size_t n = 0; n < users.size(); ++n) {
      if (rules.look) rules.look(n, 0, common_->scores());
      lists.push_back(common_->best(kept, [&](int32_t i) { return admits(n, i); }));
    }
    return lists;
  }
  // Many are bound by arithmetic, of which bytes take no less.
  constexpr size_t kFew = 12;
  if (users.size() <= kFew && !rules.look && view_.similar.empty()) {
    std::vector<UserVector> few;
    for (const int32_t u : users) few.push_back({view_.factors_of_user(u), view_.base(u)});
    return rank_few(few, kept, admits);
  }
  std::vector<TopK> best(users.size(), TopK(kept));
  scorer_.for_each_strip(users, [&](const ScoreStrip& strip) {
    for (size_t n = 0; n < users.size(); ++n) {
      const std::span<const float> scores = strip.of(n);
      if (rules.look) rules.look(n, strip.first, scores);
      push_row(best[n], strip.first, scores, [&](int32_t i) { return admits(n, i); });
    }
  });
  for (TopK& b : best) lists.push_back(b.take());
  return lists;
}

std::vector<Scored> Ranker::rank_vector(const UserVector& user, int64_t k,
                                        std::span<const int32_t> left_out,
                                        std::span<const char> allowed) const {
  const auto admits = [&](size_t, int32_t i) {
    return (allowed.empty() || allowed[i] != 0) && !std::ranges::binary_search(left_out, i);
  };
  const int kept = static_cast<int>(std::min<int64_t>(k, items_));
  if (common_) return common_->best(kept, [&](int32_t i) { return admits(0, i); });
  return rank_few({&user, 1}, kept, admits)[0];
}

std::vector<int64_t> Ranker::count_equal(std::span<const int32_t> users,
                                         std::span<const float> scores,
                                         const RankingRules& rules) const {
  std::vector<int64_t> counts(users.size());
  const Admission admits(users, rules);
  if (common_) {
    for (size_t n = 0; n < users.size(); ++n)
      counts[n] = common_->count_equal(scores[n], [&](int32_t i) { return admits(n, i); });
    return counts;
  }
  scorer_.for_each_strip(users, [&](const ScoreStrip& strip) {
    for (size_t n = 0; n < users.size(); ++n) {
      const std::span<const float> row = strip.of(n);
      for (size_t i = 0; i < row.size(); ++i) {
        if (row[i] == scores[n] && admits(n, strip.first + static_cast<int32_t>(i))) ++counts[n];
      }
    }
  });
  return counts;
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
