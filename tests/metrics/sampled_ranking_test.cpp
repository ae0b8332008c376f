#include "src/metrics/sampled_ranking.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/metrics/drawn_parts.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

using Figures = std::map<std::string, double>;

Figures as_map(const NamedFigures& figures) { return {figures.begin(), figures.end()}; }

RandomStream stream_of(uint64_t seed, int32_t user, int32_t item) {
  return Rng(seed).stream("candidates", user, item);
}

TEST(DrawCandidates, AreDistinctAndUnknown) {
  const std::vector<int32_t> known = {0, 3, 4, 5, 9};
  for (const int64_t count : {1, 2, 4, 5}) {
    for (uint64_t seed = 0; seed < 50; ++seed) {
      const auto drawn = draw_candidates(known, 10, count, stream_of(seed, 0, 3));
      const std::set<int32_t> distinct(drawn.begin(), drawn.end());
      EXPECT_EQ(std::ssize(distinct), count);
      for (const int32_t i : drawn) {
        EXPECT_TRUE(i >= 0 && i < 10);
        EXPECT_FALSE(std::ranges::binary_search(known, i)) << i;
      }
    }
  }
}

TEST(DrawCandidates, AreAllThatThereAreWhereTheyAreFewer) {
  const std::vector<int32_t> known = {1, 2, 3};
  auto drawn = draw_candidates(known, 6, 99, stream_of(0, 0, 1));
  std::ranges::sort(drawn);
  EXPECT_EQ(drawn, (std::vector<int32_t>{0, 4, 5}));
  EXPECT_TRUE(draw_candidates(std::vector<int32_t>{0, 1}, 2, 99, stream_of(0, 0, 1)).empty());
}

TEST(DrawCandidates, DrawEachUnknownItemAsOften) {
  const std::vector<int32_t> known = {2, 5};
  constexpr int kDraws = 20000;
  std::vector<double> times(10);
  for (int n = 0; n < kDraws; ++n) {
    for (const int32_t i : draw_candidates(known, 10, 3, stream_of(7, n, 2))) ++times[i];
  }
  const double share = 3.0 / 8, deviation = std::sqrt(kDraws * share * (1 - share));
  for (int32_t i = 0; i < 10; ++i)
    EXPECT_NEAR(times[i], i == 2 || i == 5 ? 0 : kDraws * share, 5 * deviation) << i;
}

struct Case : DrawnParts {
  static constexpr int32_t kUsers = 200, kItems = 60;
  ScoreMatrix scores;

  explicit Case(uint32_t levels = 10)
      : DrawnParts(drawn_parts(kUsers, kItems, 3,
                               [](RandomStream& random, int32_t, int32_t) {
                                 return random.below(15);
                               })),
        scores(ScoreMatrix::random(kUsers, kItems, levels)) {}

  SampledQuery query(int64_t candidates, uint64_t seed = 0, int threads = 1) const {
    return {&held_out, &known, candidates, seed, {1, 3, 10}, threads, {}, {}};
  }
};

/// The definition, item by item: where it stands among its candidates, on average over ties.
Figures brute_force(const Case& c, const SampledQuery& query) {
  const FactorView view = c.scores.view();
  Figures sums;
  double users = 0;
  for (int32_t u = 0; u < Case::kUsers; ++u) {
    const auto own = c.held_out.of(u);
    if (own.empty()) continue;
    ++users;
    for (const int32_t i : own) {
      int64_t above = 0, equal = 0, below = 0;
      for (const int32_t j : draw_candidates(c.known.of(u), Case::kItems, query.candidates,
                                             stream_of(query.seed, u, i))) {
        above += view.score(u, j) > view.score(u, i);
        equal += view.score(u, j) == view.score(u, i);
        below += view.score(u, j) < view.score(u, i);
      }
      const auto items = static_cast<double>(own.size());
      sums["auc"] += (static_cast<double>(below) + static_cast<double>(equal) / 2) /
                     static_cast<double>(above + equal + below) / items;
      for (int64_t place = above + 1; place <= above + equal + 1; ++place) {
        const double weight = 1 / static_cast<double>(equal + 1) / items;
        for (const int64_t k : query.cut_offs) {
          const std::string at = "@" + std::to_string(k);
          const double hit = place <= k ? weight : 0;
          for (const char* name : {"recall", "hit"}) sums[name + at] += hit;
          for (const char* name : {"map", "mrr"})
            sums[name + at] += hit / static_cast<double>(place);
          sums["precision" + at] += hit / static_cast<double>(k);
          sums["ndcg" + at] += hit / std::log2(static_cast<double>(place) + 1);
        }
      }
    }
  }
  for (auto& [name, sum] : sums) sum /= users;
  return sums;
}

TEST(SampledRanking, RanksEachHeldOutItemAmongItsOwnCandidates) {
  const Case c;
  for (const int64_t candidates : {1, 20, 99}) {
    const SampledQuery query = c.query(candidates, /*seed=*/4);
    const Figures got = as_map(sampled_ranking_metrics(c.scores.view(), query).all);
    const Figures expected = brute_force(c, query);
    ASSERT_EQ(got.size(), expected.size());
    for (const auto& [name, value] : expected) EXPECT_NEAR(got.at(name), value, 1e-12) << name;
  }
}

TEST(SampledRanking, AmongAllItemsIsTheWholeRankingOfUsersWithOneHeldOutItem) {
  Case c;
  std::vector<int32_t> users, items;
  for (int32_t u = 0; u < Case::kUsers; ++u) {
    if (c.held_out.of(u).empty()) continue;
    users.push_back(u);
    items.push_back(c.held_out.of(u)[0]);
  }
  c.held_out = UserItems(users, items, Case::kUsers);
  c.masked = without(c.known, c.held_out);
  const auto whole =
      ranking_metrics(c.scores.view(), {&c.held_out, &c.masked, &c.known, {1, 3, 10}, 1}).all;
  const auto sampled = sampled_ranking_metrics(c.scores.view(), c.query(Case::kItems)).all;
  ASSERT_EQ(sampled.size(), whole.size());
  for (size_t n = 0; n < whole.size(); ++n) {
    EXPECT_EQ(sampled[n].first, whole[n].first);
    EXPECT_NEAR(sampled[n].second, whole[n].second, 1e-12) << whole[n].first;
  }
}

TEST(SampledRanking, IsTheSameBitForBitForAnyNumberOfThreads) {
  const Case c;
  const auto one = sampled_ranking_metrics(c.scores.view(), c.query(20)).all;
  for (const int threads : {2, 7, 0})
    EXPECT_EQ(sampled_ranking_metrics(c.scores.view(), c.query(20, 0, threads)).all, one);
  EXPECT_NE(sampled_ranking_metrics(c.scores.view(), c.query(20, 1)).all, one);  // another seed
}

TEST(SampledRanking, OfAConstantModelIsThatOfChance) {
  const Case c(/*levels=*/1);
  const Figures got = as_map(sampled_ranking_metrics(c.scores.view(), c.query(19)).all);
  EXPECT_NEAR(got.at("hit@10"), 0.5, 1e-12);
  EXPECT_NEAR(got.at("auc"), 0.5, 1e-12);
}

TEST(SampledRanking, LeavesOutUsersWhoHaveEveryItem) {
  const FactorView constant{2, 3};
  const std::vector<int32_t> users = {0, 0, 0, 1}, items = {0, 1, 2, 0};
  const UserItems known(users, items, 2);
  const SampledQuery query{&known, &known, 99, 0, {1}, 1, {}, {}};
  EXPECT_NEAR(as_map(sampled_ranking_metrics(constant, query).all).at("hit@1"), 1.0 / 3, 1e-12);
  const UserItems full(std::vector<int32_t>(3, 0), std::vector<int32_t>{0, 1, 2}, 2);
  const SampledQuery nobody{&full, &full, 99, 0, {1}, 1, {}, {}};
  EXPECT_TRUE(sampled_ranking_metrics(constant, nobody).all.empty());
}

TEST(SampledRanking, OfWarmPairsHasTheSameDraws) {
  const Case c;
  std::vector<char> cold_user(Case::kUsers), cold_item(Case::kItems);
  cold_user[3] = cold_item[5] = cold_item[6] = 1;
  SampledQuery query = c.query(20);
  EXPECT_TRUE(sampled_ranking_metrics(c.scores.view(), query).warm.empty());
  query.cold_user = cold_user;
  query.cold_item = cold_item;
  std::vector<int32_t> users, items;
  for (int32_t u = 0; u < Case::kUsers; ++u) {
    for (const int32_t i : c.held_out.of(u)) {
      if (cold_user[u] || cold_item[i]) continue;
      users.push_back(u);
      items.push_back(i);
    }
  }
  const UserItems warm(users, items, Case::kUsers);
  SampledQuery alone = c.query(20);
  alone.held_out = &warm;
  const NamedFigures got = sampled_ranking_metrics(c.scores.view(), query).warm,
                     expected = sampled_ranking_metrics(c.scores.view(), alone).all;
  ASSERT_EQ(got.size(), expected.size());
  for (size_t n = 0; n < got.size(); ++n) {
    EXPECT_EQ(got[n].first, expected[n].first);
    EXPECT_NEAR(got[n].second, expected[n].second, 1e-12) << got[n].first;
  }
}

}  // namespace
}  // namespace latent
