#include "src/metrics/sampled_ranking.h"

#include <algorithm>
#include <bit>

#include "src/metrics/tie_groups.h"
#include "src/score/ranker.h"

namespace latent {

namespace {


/// The item that has `rank` items which are not in `known` before it.
int32_t item_at(int32_t rank, std::span<const int32_t> known) {
  // known[n] has known[n] - n such items before it.
  int64_t low = 0, high = std::ssize(known);
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (known[middle] - middle <= rank) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return rank + static_cast<int32_t>(low);
}

/// A set of whole numbers of known size, in one piece of memory.
class RankSet {
 public:
  explicit RankSet(int32_t size) : slots_(std::bit_ceil(2 * static_cast<size_t>(size) + 1), -1) {}

  /// Whether `rank` was not in the set before.
  bool insert(int32_t rank) {
    size_t at = (static_cast<uint32_t>(rank) * 0x9E3779B1u) & (slots_.size() - 1);
    for (; slots_[at] != -1; at = (at + 1) & (slots_.size() - 1)) {
      if (slots_[at] == rank) return false;
    }
    slots_[at] = rank;
    return true;
  }

 private:
  std::vector<int32_t> slots_;  // a power of two; -1: free
};

class SampledRanking {
 public:
  SampledRanking(const FactorView& model, const SampledQuery& query)
      : query_(query),
        items_(model.items),
        ranker_(model),
        rng_(query.seed),
        discounts_(std::min(std::ranges::max(query.cut_offs),
                            std::min<int64_t>(query.candidates, model.items) + 1)) {}

  bool is_cold(int32_t user, int32_t item) const {
    return (!query_.cold_user.empty() && query_.cold_user[user] != 0) ||
           (!query_.cold_item.empty() && query_.cold_item[item] != 0);
  }

  /// Adds the user's means over the held-out items, and over those of warm pairs.
  void add(int32_t user, RankingSums& all, RankingSums& warm) const {
    Mean of_all(query_.cut_offs.size()), of_warm = of_all;
    for (const int32_t item : query_.held_out->of(user)) {
      const std::vector<int32_t> others = draw_candidates(
          query_.known->of(user), items_, query_.candidates, rng_.stream("candidates", user, item));
      if (others.empty()) return;
      const UserFigures figures = ranked(user, item, others);
      of_all.add(figures);
      if (!is_cold(user, item)) of_warm.add(figures);
    }
    of_all.add_to(all, user);
    of_warm.add_to(warm, user);
  }

 private:
  /// Over held-out items of one user.
  class Mean {
   public:
    explicit Mean(size_t cut_offs) : sum_(cut_offs) { sum_.auc = 0; }
    void add(const UserFigures& figures) {
      for (size_t n = 0; n < figures.values.size(); ++n) sum_.values[n] += figures.values[n];
      sum_.auc += figures.auc;
      ++count_;
    }
    void add_to(RankingSums& sums, int32_t user) {
      if (count_ == 0) return;
      for (double& value : sum_.values) value /= count_;
      sum_.auc /= count_;
      sums.add(user, sum_);
    }

   private:
    UserFigures sum_;
    double count_ = 0;
  };

  UserFigures ranked(int32_t user, int32_t item, std::span<const int32_t> others) const {
    const float own = ranker_.score(user, item);
    int64_t above = 0, equal = 0;
    for (const int32_t other : others) {
      const float score = ranker_.score(user, other);
      above += score > own;
      equal += score == own;
    }
    const TieGroup group{above, equal + 1, 1};
    UserFigures out(query_.cut_offs.size());
    for (size_t c = 0; c < query_.cut_offs.size(); ++c)
      add_expected({&group, 1}, /*held_out=*/1, query_.cut_offs[c], discounts_, out.at(c));
    const auto count = static_cast<double>(others.size());
    out.auc = (count - static_cast<double>(above) - static_cast<double>(equal) / 2) / count;
    return out;
  }

  const SampledQuery& query_;
  int32_t items_;
  Ranker ranker_;
  Rng rng_;
  Discounts discounts_;
};

}  // namespace

std::vector<int32_t> draw_candidates(std::span<const int32_t> known, int32_t items, int64_t count,
                                     RandomStream stream) {
  const int32_t unknown = items - static_cast<int32_t>(known.size());
  const auto wanted = static_cast<int32_t>(std::min<int64_t>(count, unknown));
  // Floyd's algorithm over the ranks of the unknown items: each set is as likely as another.
  RankSet taken(wanted);
  std::vector<int32_t> out;
  out.reserve(wanted);
  for (int32_t last = unknown - wanted; last < unknown; ++last) {
    const auto drawn = static_cast<int32_t>(stream.below(static_cast<uint32_t>(last) + 1));
    const int32_t rank = taken.insert(drawn) ? drawn : last;
    taken.insert(rank);
    out.push_back(item_at(rank, known));
  }
  return out;
}

RankingFigures sampled_ranking_metrics(const FactorView& model, const SampledQuery& query) {
  const SampledRanking ranking(model, query);
  RankingWork work;
  work.threads = query.threads;
  work.per_user = query.per_user;
  work.tell = true;
  work.users = query.users;
  RankingMeans means = mean_rankings(
      *query.held_out, query.cut_offs, work,
      [&](int32_t user, int32_t item) { return ranking.is_cold(user, item); },
      [&](std::span<const int32_t> users, RankingSums& all, RankingSums& warm) {
        for (const int32_t user : users) ranking.add(user, all, warm);
      });
  return {means.all, means.warm, {}, std::move(means.users)};
}

}  // namespace latent
