#include "src/metrics/ranking.h"

#include <algorithm>
#include <optional>

#include "src/base/rng.h"
#include "src/metrics/exposure.h"
#include "src/metrics/tie_groups.h"
#include "src/metrics/user_auc.h"
#include "src/score/ranker.h"
#include "src/score/strip_top_k.h"

namespace latent {

namespace {

constexpr int64_t kFewUnlisted = 128;  // items by which lists may be longer, to be cut then

bool is_set(std::span<const char> flags, int32_t index) {
  return !flags.empty() && flags[index] != 0;
}

/// One user's part of the work.
struct Ranked {
  std::vector<int32_t> held_out;  ///< ascending
  std::vector<float> scores;      ///< of those
  UserAuc auc;

  Ranked(const Ranker& ranker, int32_t user, std::vector<int32_t> items,
         std::span<const int32_t> known)
      : held_out(std::move(items)), scores(scored(ranker, user, held_out)), auc(scores, known) {}

  bool has(int32_t item) const {
    return std::binary_search(held_out.begin(), held_out.end(), item);
  }

 private:
  static std::vector<float> scored(const Ranker& ranker, int32_t user,
                                   const std::vector<int32_t>& items) {
    std::vector<float> out;
    for (const int32_t i : items) out.push_back(ranker.score(user, i));
    return out;
  }
};

/// The user's figures. `list`: the best candidates, one more than `discounts` has; `last_size`:
/// candidates with the score of the last of them, where that matters (see is_cut).
UserFigures figures_of(const Ranked& user, std::span<const Scored> list, int64_t last_size,
                       const std::vector<int64_t>& cut_offs, const Discounts& discounts) {
  std::vector<TieGroup> groups;
  for (size_t from = 0, to; from < list.size(); from = to) {
    TieGroup group{static_cast<int64_t>(from), 0, 0};
    for (to = from; to < list.size() && list[to].score == list[from].score; ++to)
      group.relevant += user.has(list[to].index);
    group.size = static_cast<int64_t>(to - from);
    if (to == list.size() && last_size > group.size) {
      group.size = last_size;
      group.relevant = std::ranges::count(user.scores, list[from].score);
    }
    if (group.relevant > 0) groups.push_back(group);
  }
  UserFigures out(cut_offs.size());
  for (size_t c = 0; c < cut_offs.size(); ++c)
    add_expected(groups, std::ssize(user.held_out), cut_offs[c], discounts, out.at(c));
  out.auc = user.auc.value();
  return out;
}

/// Whether candidates with the score of the last of `list` may stand behind it, and a held-out item
/// among them.
bool is_cut(const Ranked& user, std::span<const Scored> list, int64_t deepest) {
  if (static_cast<int64_t>(list.size()) <= deepest) return false;
  const float last = list.back().score;
  return list[deepest - 1].score == last && std::ranges::count(user.scores, last) > 0;
}

/// The best of what lists may show, gathered on the pass that the metrics need anyway.
class Listed {
 public:
  Listed(size_t users, int64_t k, const UserItems& masked, const Exposure* exposure)
      : masked_(masked), exposure_(exposure) {
    if (users > 0)
      best_.assign(users, TopK(static_cast<int>(std::min<int64_t>(k, exposure->items()))));
  }

  void add(size_t n, int32_t user, int32_t first, std::span<const float> scores) {
    const auto left_out = masked_.of(user);
    push_row(best_[n], first, scores, [&](int32_t i) {
      return exposure_->allowed()[i] != 0 && !std::ranges::binary_search(left_out, i);
    });
  }
  std::vector<std::vector<Scored>> take() {
    std::vector<std::vector<Scored>> out;
    for (TopK& best : best_) out.push_back(best.take());
    return out;
  }

 private:
  std::vector<TopK> best_;
  const UserItems& masked_;
  const Exposure* exposure_;
};

/// Metrics of a chunk of users.
class RankedChunk {
 public:
  /// `exposure`: takes the lists; null: nobody does.
  RankedChunk(const Ranker& ranker, const RankingQuery& query, std::span<const int32_t> users,
              Exposure* exposure)
      : users_(users), cut_offs_(query.cut_offs) {
    for (const int32_t u : users) {
      const auto items = query.held_out->of(u);
      all_.emplace_back(ranker, u, std::vector(items.begin(), items.end()),
                        query.all_parts->of(u));
      // The same figures once more, but for users with cold pairs.
      std::vector<int32_t> warm;
      for (const int32_t i : items) {
        if (!is_set(query.cold_user, u) && !is_set(query.cold_item, i)) warm.push_back(i);
      }
      warm_.emplace_back();
      if (warm.size() < items.size() && !warm.empty())
        warm_.back().emplace(ranker, u, std::move(warm), query.all_parts->of(u));
      cold_.push_back(warm.size() < items.size() && !warm_.back());
    }
    rank(ranker, query, exposure);
  }

  void add_to(RankingSums& all, RankingSums& warm, const Discounts& discounts) const {
    const auto figures = [&](const Ranked& user, size_t n) {
      return figures_of(user, lists_[n], last_sizes_[n], cut_offs_, discounts);
    };
    for (size_t n = 0; n < users_.size(); ++n) {
      const UserFigures own = figures(all_[n], n);
      all.add(users_[n], own);
      if (!cold_[n]) warm.add(users_[n], warm_[n] ? figures(*warm_[n], n) : own);
    }
  }

 private:
  void rank(const Ranker& ranker, const RankingQuery& query, Exposure* exposure) {
    const int64_t deepest = *std::ranges::max_element(query.cut_offs);
    const RankingRules mask{.left_out = *query.masked};
    const CommonOrder* common = ranker.common();
    const int64_t unlisted = exposure == nullptr ? 0 : exposure->unlisted();
    const bool few = unlisted <= kFewUnlisted;
    Listed listed(few ? 0 : users_.size(), deepest, *query.masked, exposure);
    RankingRules rules = mask;
    if (common == nullptr) {
      rules.look = [&](size_t n, int32_t first, std::span<const float> scores) {
        all_[n].auc.add(first, scores);
        if (warm_[n]) warm_[n]->auc.add(first, scores);
        if (!few) listed.add(n, users_[n], first, scores);
      };
    }
    lists_ = ranker.rank_block(users_, deepest + 1 + (few ? unlisted : 0), rules);
    if (common != nullptr) add_common(*common);
    if (exposure != nullptr) {
      RankingRules allowed = mask;
      allowed.allowed = exposure->allowed();
      for (const auto& list : few                 ? lists_
                              : common != nullptr ? ranker.rank_block(users_, deepest, allowed)
                                                  : listed.take())
        exposure->add(list);
    }
    for (auto& list : lists_)
      list.resize(std::min<size_t>(list.size(), static_cast<size_t>(deepest) + 1));
    last_sizes_.assign(users_.size(), 0);
    std::vector<int32_t> cut;
    std::vector<size_t> where;
    std::vector<float> last;
    for (size_t n = 0; n < users_.size(); ++n) {
      if (!is_cut(all_[n], lists_[n], deepest)) continue;
      cut.push_back(users_[n]);
      where.push_back(n);
      last.push_back(lists_[n].back().score);
    }
    if (cut.empty()) return;
    const std::vector<int64_t> sizes = ranker.count_equal(cut, last, mask);
    for (size_t n = 0; n < cut.size(); ++n) last_sizes_[where[n]] = sizes[n];
  }

  void add_common(const CommonOrder& order) {
    for (size_t n = 0; n < users_.size(); ++n) {
      all_[n].auc.add_common(order.scores(), order.ascending());
      if (warm_[n]) warm_[n]->auc.add_common(order.scores(), order.ascending());
    }
  }

  std::span<const int32_t> users_;
  const std::vector<int64_t>& cut_offs_;
  std::vector<Ranked> all_;
  std::vector<std::optional<Ranked>> warm_;  // where it differs from all_
  std::vector<char> cold_;                   // no pair is warm
  std::vector<std::vector<Scored>> lists_;
  std::vector<int64_t> last_sizes_;
};

}  // namespace

RankingFigures ranking_metrics(const FactorView& model, const RankingQuery& query) {
  if (query.held_out->item.empty()) return {};
  const Discounts discounts(std::min<int64_t>(std::ranges::max(query.cut_offs), model.items));
  const Ranker ranker(model);
  std::optional<Exposure> exposure;
  if (query.lists) exposure.emplace(query.cut_offs, model.items, query.unlisted);
  const auto is_cold = [&](int32_t user, int32_t item) {
    return is_set(query.cold_user, user) || is_set(query.cold_item, item);
  };
  RankingMeans means = mean_rankings(
      *query.held_out, query.cut_offs, {query.threads, query.per_user, query.lists}, is_cold,
      [&](std::span<const int32_t> users, RankingSums& all, RankingSums& warm) {
        RankedChunk(ranker, query, users, exposure ? &*exposure : nullptr)
            .add_to(all, warm, discounts);
      });
  return {means.all, means.warm, exposure ? exposure->figures(*query.masked) : NamedFigures(),
          std::move(means.users)};
}

double auc_sampled(const FactorView& model, const UserItems& test, uint64_t seed) {
  constexpr size_t kPairs = 10;
  std::vector<int32_t> pool(test.item);
  std::sort(pool.begin(), pool.end());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
  const Rng rng(seed);
  double sum = 0;
  int64_t counted = 0;
  for (int32_t u = 0; u < test.users(); ++u) {
    const auto own = test.of(u);
    // With fewer other items than pairs the notebook cannot sample; the pairs that exist are taken.
    const size_t pairs = std::min({kPairs, own.size(), pool.size() - own.size()});
    if (pairs == 0) continue;
    RandomStream stream = rng.stream("auc_sampled", u);
    std::vector<int32_t> positives(own.begin(), own.end()), negatives;
    for (size_t n = 0; n < pairs; ++n) {
      std::swap(positives[n],
                positives[n + stream.below(static_cast<uint32_t>(positives.size() - n))]);
    }
    if (pool.size() - own.size() < 4 * pairs) {  // few are left: list them, then draw
      std::set_difference(pool.begin(), pool.end(), own.begin(), own.end(),
                          std::back_inserter(negatives));
      shuffle(negatives, stream);
    } else {
      while (negatives.size() < pairs) {
        const int32_t j = pool[stream.below(static_cast<uint32_t>(pool.size()))];
        const bool taken = std::find(negatives.begin(), negatives.end(), j) != negatives.end();
        if (!taken && !std::binary_search(own.begin(), own.end(), j)) negatives.push_back(j);
      }
    }
    double wins = 0;
    for (size_t n = 0; n < pairs; ++n)
      wins += model.score(u, positives[n]) > model.score(u, negatives[n]);
    sum += wins / static_cast<double>(pairs);
    ++counted;
  }
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

}  // namespace latent
