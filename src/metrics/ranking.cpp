#include "src/metrics/ranking.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "src/base/rng.h"
#include "src/metrics/exposure.h"
#include "src/metrics/ranked_chunk.h"

namespace latent {

namespace {

using IsCold = std::function<bool(int32_t user, int32_t item)>;

RankingWork work_of(const RankingQuery& query) {
  RankingWork out;
  out.threads = query.threads;
  out.per_user = query.per_user;
  out.users = query.users;
  out.tell = query.lists;  // of the evaluation that is shown, not of those between steps
  return out;
}

RankingMeans means_by_ranker(const FactorView& model, const RankingQuery& query,
                             const Discounts& discounts, Exposure* exposure,
                             const IsCold& is_cold) {
  const Ranker ranker(model);
  return mean_rankings(*query.held_out, query.cut_offs, work_of(query), is_cold,
                       [&](std::span<const int32_t> users, RankingSums& all, RankingSums& warm) {
                         RankedChunk(ranker, query, users, exposure)
                             .add_to(all, warm, discounts);
                       });
}

RankingMeans means_by_rows(int32_t catalogue, const RankingQuery& query,
                           const Discounts& discounts, Exposure* exposure, const IsCold& is_cold) {
  const int64_t deepest = *std::ranges::max_element(query.cut_offs);
  RowQuery wanted{query.held_out, query.masked, query.all_parts, deepest + 1, deepest};
  if (exposure != nullptr && exposure->unlisted() <= kFewUnlisted) {
    wanted.k += exposure->unlisted();
  } else if (exposure != nullptr) {
    wanted.shown_k = deepest;
    wanted.shown = exposure->allowed();
  }
  RankedRows rows;
  const int32_t* first = nullptr;
  RankingWork work = work_of(query);
  work.block = query.rows->users_at_once();
  work.before = [&](std::span<const int32_t> users) {
    rows = query.rows->rank(users, wanted);
    first = users.data();
  };
  return mean_rankings(*query.held_out, query.cut_offs, work, is_cold,
                       [&](std::span<const int32_t> users, RankingSums& all, RankingSums& warm) {
                         RankedChunk(catalogue, query, users, rows, users.data() - first, exposure)
                             .add_to(all, warm, discounts);
                       });
}

}  // namespace

RankingFigures ranking_metrics(const FactorView& model, const RankingQuery& query) {
  if (query.held_out->item.empty()) return {};
  const Discounts discounts(std::min<int64_t>(std::ranges::max(query.cut_offs), model.items));
  std::optional<Exposure> exposure;
  if (query.lists) exposure.emplace(query.cut_offs, model.items, query.unlisted);
  const auto is_cold = [&](int32_t user, int32_t item) {
    return is_set(query.cold_user, user) || is_set(query.cold_item, item);
  };
  Exposure* const shown = exposure ? &*exposure : nullptr;
  RankingMeans means =
      query.rows != nullptr ? means_by_rows(model.items, query, discounts, shown, is_cold)
                            : means_by_ranker(model, query, discounts, shown, is_cold);
  if (exposure && query.users.shared()) exposure->add_up(*query.users.peers);
  return {means.all, means.warm, exposure ? exposure->figures(*query.masked) : NamedFigures(),
          std::move(means.users)};
}

namespace {

/// The share of pairs that a user's test items win; below 0: there is none.
double share_won(const FactorView& model, int32_t user, std::span<const int32_t> own,
                 std::span<const int32_t> pool, const Rng& rng) {
  constexpr size_t kPairs = 10;
  // With fewer other items than pairs the notebook cannot sample; the pairs that exist are taken.
  const size_t pairs = std::min({kPairs, own.size(), pool.size() - own.size()});
  if (pairs == 0) return -1;
  RandomStream stream = rng.stream("auc_sampled", user);
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
    wins += model.score(user, positives[n]) > model.score(user, negatives[n]);
  return wins / static_cast<double>(pairs);
}

}  // namespace

double auc_sampled(const FactorView& model, const UserItems& test, uint64_t seed,
                   const OwnedRows& users) {
  std::vector<int32_t> pool(test.item);
  std::sort(pool.begin(), pool.end());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
  const Rng rng(seed);
  Peers& peers = users.shared() ? *users.peers : alone();
  const auto [first, last] = users.shared() ? users.own() : Piece{0, test.users()};
  std::vector<double> won;
  peers.together([&, first = first, last = last] {
    for (auto u = static_cast<int32_t>(first); u < last; ++u) {
      const double share = share_won(model, u, test.of(u), pool, rng);
      if (share >= 0) won.push_back(share);
    }
  });
  double sum_and_count[2] = {};
  peers.in_turn(sum_and_count, sizeof sum_and_count, [&] {
    for (const double share : won) {
      sum_and_count[0] += share;
      ++sum_and_count[1];
    }
  });
  return sum_and_count[1] == 0 ? 0 : sum_and_count[0] / sum_and_count[1];
}

}  // namespace latent
