#include "src/metrics/held_out_places.h"

#include <algorithm>

#include "src/base/parallel.h"
#include "src/metrics/tie_groups.h"
#include "src/score/ranker.h"

namespace latent {

namespace {

/// Counts how a catalogue's scores fall between the scores of one user's held-out items.
class Between {
 public:
  Between(std::vector<float> own, std::span<const int32_t> masked)
      : own_(std::move(own)), masked_(masked) {
    std::ranges::sort(own_);
    own_.erase(std::unique(own_.begin(), own_.end()), own_.end());
    counts_.resize(2 * own_.size() + 1);
  }

  /// Scores of items first, first + 1, ...: the catalogue in order, strip after strip.
  void add(int32_t first, std::span<const float> scores) {
    for (const float score : scores) ++counts_[slot(score)];
    const int64_t end = first + static_cast<int64_t>(scores.size());
    for (; !masked_.empty() && masked_.front() < end; masked_ = masked_.subspan(1))
      --counts_[slot(scores[masked_.front() - first])];
  }

  HeldOutPlace place(int32_t user, int32_t item, float score) const {
    const size_t at = slot(score);
    int64_t better = 0;
    for (size_t n = at + 1; n < counts_.size(); ++n) better += counts_[n];
    return {user, item, better, counts_[at]};
  }

 private:
  /// 2 n + 1 of scores equal to the n-th own one, 2 n of those below it and above the one before.
  size_t slot(float score) const {
    const auto at = std::ranges::lower_bound(own_, score);
    const auto n = static_cast<size_t>(at - own_.begin());
    return 2 * n + (at != own_.end() && *at == score ? 1 : 0);
  }

  std::vector<float> own_;  // ascending, each once
  std::span<const int32_t> masked_;
  std::vector<int64_t> counts_;
};

}  // namespace

double HeldOutPlace::chance_within(int64_t k) const {
  return std::clamp(static_cast<double>(k - better) / static_cast<double>(equal), 0.0, 1.0);
}

std::vector<HeldOutPlace> held_out_places(const FactorView& model, const UserItems& held_out,
                                          const UserItems& masked, std::span<const int32_t> users,
                                          int threads) {
  std::vector<size_t> start = {0};
  for (const int32_t u : users) start.push_back(start.back() + held_out.of(u).size());
  std::vector<HeldOutPlace> out(start.back());
  const Ranker ranker(model);
  const auto count = static_cast<int64_t>(users.size());
  parallel_chunks(ceil_div(count, Ranker::kBlock), threads, [&](int64_t chunk) {
    const int64_t from = chunk * Ranker::kBlock;
    const auto block = users.subspan(from, std::min(Ranker::kBlock, count - from));
    std::vector<Between> between;
    for (const int32_t u : block) {
      std::vector<float> own;
      for (const int32_t i : held_out.of(u)) own.push_back(ranker.score(u, i));
      between.emplace_back(std::move(own), masked.of(u));
    }
    RankingRules rules;
    rules.look = [&](size_t n, int32_t first, std::span<const float> scores) {
      between[n].add(first, scores);
    };
    ranker.rank_block(block, 0, rules);
    for (size_t n = 0; n < block.size(); ++n) {
      HeldOutPlace* place = &out[start[from + static_cast<int64_t>(n)]];
      for (const int32_t i : held_out.of(block[n]))
        *place++ = between[n].place(block[n], i, ranker.score(block[n], i));
    }
  });
  return out;
}

double chance_of_hit(std::span<const HeldOutPlace> of_user, int64_t k) {
  std::vector<HeldOutPlace> places(of_user.begin(), of_user.end());
  std::ranges::sort(places, {}, &HeldOutPlace::better);
  std::vector<TieGroup> groups;
  for (const HeldOutPlace& place : places) {
    if (groups.empty() || groups.back().before != place.better)
      groups.push_back({place.better, place.equal, 0});
    ++groups.back().relevant;
  }
  double sums[kRankingMetrics] = {};
  add_expected(groups, static_cast<int64_t>(places.size()), k, Discounts(k), sums);
  return sums[2];
}

}  // namespace latent
