#include "src/metrics/ranked_chunk.h"

#include "src/score/strip_top_k.h"

namespace latent {

namespace {

/// The user's figures. `list`: the best candidates, one more than `discounts` has; `last_size`:
/// candidates with the score of the last of them, where that matters (see is_cut).
UserFigures figures_of(const RankedUser& user, std::span<const Scored> list, int64_t last_size,
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
bool is_cut(const RankedUser& user, std::span<const Scored> list, int64_t deepest) {
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

std::vector<float> scores_of(const Ranker& ranker, int32_t user,
                             const std::vector<int32_t>& items) {
  std::vector<float> out;
  for (const int32_t i : items) out.push_back(ranker.score(user, i));
  return out;
}

std::vector<Scored> list_of(const RankedLists& lists, size_t row) {
  std::vector<Scored> out;
  for (int64_t n = 0; n < lists.k; ++n) {
    const size_t at = row * static_cast<size_t>(lists.k) + static_cast<size_t>(n);
    if (lists.item[at] < 0) break;
    out.push_back({lists.item[at], lists.score[at]});
  }
  return out;
}

}  // namespace

RankedUser::RankedUser(const Ranker& ranker, int32_t user, std::vector<int32_t> items,
                       std::span<const int32_t> known)
    : held_out(std::move(items)), scores(scores_of(ranker, user, held_out)), auc(scores, known) {}

RankedUser::RankedUser(std::vector<int32_t> items, std::vector<float> its, int64_t balance,
                       int64_t negatives)
    : held_out(std::move(items)), scores(std::move(its)), auc(scores, {}) {
  auc.add_counted(balance, negatives);
}

RankedChunk::RankedChunk(const Ranker& ranker, const RankingQuery& query,
                         std::span<const int32_t> users, Exposure* exposure)
    : users_(users), cut_offs_(query.cut_offs) {
  for (const int32_t u : users) {
    const auto items = query.held_out->of(u);
    all_.emplace_back(ranker, u, std::vector(items.begin(), items.end()), query.all_parts->of(u));
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

RankedChunk::RankedChunk(int32_t items, const RankingQuery& query, std::span<const int32_t> users,
                         const RankedRows& rows, size_t first, Exposure* exposure)
    : users_(users), cut_offs_(query.cut_offs) {
  const int64_t deepest = *std::ranges::max_element(query.cut_offs);
  for (size_t n = 0; n < users.size(); ++n) {
    take(items, query, rows, first + n, users[n]);
    std::vector<Scored> list = list_of(rows.best, first + n);
    if (exposure != nullptr)
      exposure->add(rows.shown.k > 0 ? list_of(rows.shown, first + n) : list);
    list.resize(std::min<size_t>(list.size(), static_cast<size_t>(deepest) + 1));
    const bool cut = is_cut(all_.back(), list, deepest);
    last_sizes_.push_back(cut ? rows.equal[first + n] : 0);
    lists_.push_back(std::move(list));
  }
}

/// A user's held-out items of a row, and the warm ones of them.
void RankedChunk::take(int32_t items, const RankingQuery& query, const RankedRows& rows, size_t row,
                       int32_t user) {
  const int64_t negatives = items - std::ssize(query.all_parts->of(user));
  const auto ranked = [&](bool warm_alone) {
    std::vector<int32_t> held_out;
    std::vector<float> scores;
    int64_t balance = 0, next = rows.start[row];
    for (const int32_t i : query.held_out->of(user)) {
      const int64_t at = next++;
      if (warm_alone && (is_set(query.cold_user, user) || is_set(query.cold_item, i))) continue;
      held_out.push_back(i);
      scores.push_back(rows.held_out[at]);
      balance += rows.balance[at];
    }
    return RankedUser(std::move(held_out), std::move(scores), balance, negatives);
  };
  all_.push_back(ranked(/*warm_alone=*/false));
  RankedUser warm = ranked(/*warm_alone=*/true);
  const bool differs = warm.held_out.size() < all_.back().held_out.size();
  warm_.emplace_back();
  cold_.push_back(differs && warm.held_out.empty());
  if (differs && !warm.held_out.empty()) warm_.back().emplace(std::move(warm));
}

void RankedChunk::add_to(RankingSums& all, RankingSums& warm, const Discounts& discounts) const {
  const auto figures = [&](const RankedUser& user, size_t n) {
    return figures_of(user, lists_[n], last_sizes_[n], cut_offs_, discounts);
  };
  for (size_t n = 0; n < users_.size(); ++n) {
    const UserFigures own = figures(all_[n], n);
    all.add(users_[n], own);
    if (!cold_[n]) warm.add(users_[n], warm_[n] ? figures(*warm_[n], n) : own);
  }
}

void RankedChunk::rank(const Ranker& ranker, const RankingQuery& query, Exposure* exposure) {
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

void RankedChunk::add_common(const CommonOrder& order) {
  for (size_t n = 0; n < users_.size(); ++n) {
    all_[n].auc.add_common(order.scores(), order.ascending());
    if (warm_[n]) warm_[n]->auc.add_common(order.scores(), order.ascending());
  }
}

}  // namespace latent
