#include "src/metrics/per_user.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "src/metrics/ranking.h"
#include "src/metrics/rating.h"
#include "src/metrics/sampled_ranking.h"
#include "tests/metrics/drawn_parts.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 150, kItems = 40;

/// Held-out and masked pairs of some users, drawn at random; the last user knows every item, so
/// that there is no negative.
struct Case : DrawnParts {
  ScoreMatrix scores = ScoreMatrix::random(kUsers, kItems, /*levels=*/9);

  Case() : DrawnParts(uneven_parts(kUsers, kItems, 11)) {}

  RankingQuery query(int threads) const {
    return {.held_out = &held_out, .masked = &masked, .all_parts = &known, .cut_offs = {1, 3, 10},
            .threads = threads, .per_user = true};
  }
};

double mean_of_judged(const std::vector<float>& values) {
  double sum = 0;
  int64_t count = 0;
  for (const float value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return sum / static_cast<double>(count);
}

void expect_means(const RankingFigures& figures) {
  ASSERT_EQ(figures.users.figures.size(), figures.all.size());
  for (size_t n = 0; n < figures.all.size(); ++n) {
    const auto& [name, values] = figures.users.figures[n];
    EXPECT_EQ(name, figures.all[n].first);
    ASSERT_EQ(values.size(), figures.users.user.size());
    EXPECT_NEAR(mean_of_judged(values), figures.all[n].second, 1e-7) << name;
  }
}

TEST(PerUserRankings, HaveTheMetricsAsTheirMeans) {
  const Case c;
  const RankingFigures figures = ranking_metrics(c.scores.view(), c.query(1));
  expect_means(figures);
  std::vector<int32_t> judged;
  for (int32_t u = 0; u < kUsers; ++u) {
    if (!c.held_out.of(u).empty()) judged.push_back(u);
  }
  EXPECT_LT(judged.size(), size_t{kUsers});
  EXPECT_EQ(figures.users.user, judged);
}

TEST(PerUserRankings, AreTheMetricsOfAPartThatHoldsTheUserAlone) {
  const Case c;
  const UserRankings users = ranking_metrics(c.scores.view(), c.query(1)).users;
  for (size_t n = 0; n < users.user.size(); n += 7) {
    const auto own = c.held_out.of(users.user[n]);
    const std::vector<int32_t> user(own.size(), users.user[n]), item(own.begin(), own.end());
    const UserItems alone(user, item, kUsers);
    RankingQuery query = c.query(1);
    query.held_out = &alone;
    const auto figures = ranking_metrics(c.scores.view(), query).all;
    const std::map<std::string, double> expected(figures.begin(), figures.end());
    for (const auto& [name, values] : users.figures)
      EXPECT_EQ(values[n], static_cast<float>(expected.at(name))) << name;
  }
}

TEST(PerUserRankings, HaveNoAucForWhoHasNoNegative) {
  const Case c;
  const UserRankings users = ranking_metrics(c.scores.view(), c.query(1)).users;
  ASSERT_EQ(users.user.back(), kUsers - 1);
  for (const auto& [name, values] : users.figures)
    EXPECT_EQ(std::isnan(values.back()), name == "auc") << name;
}

TEST(PerUserRankings, DoNotDependOnThreadsAndAreLeftOutUnlessAskedFor) {
  const Case c;
  const UserRankings one = ranking_metrics(c.scores.view(), c.query(1)).users,
                     three = ranking_metrics(c.scores.view(), c.query(3)).users;
  EXPECT_EQ(one.user, three.user);
  for (size_t n = 1; n < one.figures.size(); ++n) EXPECT_EQ(one.figures[n], three.figures[n]);
  RankingQuery query = c.query(1);
  query.per_user = false;
  const UserRankings none = ranking_metrics(c.scores.view(), query).users;
  EXPECT_TRUE(none.user.empty() && none.figures.empty());
}

TEST(PerUserRankings, OfSampledRankingsHaveTheirMeansToo) {
  const Case c;
  const SampledQuery query{.held_out = &c.held_out, .known = &c.known, .candidates = 5, .seed = 2,
                           .cut_offs = {1, 4}, .threads = 2, .per_user = true};
  const RankingFigures figures = sampled_ranking_metrics(c.scores.view(), query);
  expect_means(figures);
  EXPECT_EQ(std::ranges::count(figures.users.user, kUsers - 1), 0) << "has every item";
}

TEST(UserErrors, SumUpToTheErrorsOfAllRows) {
  RandomStream random = Rng(5).stream("errors");
  UserErrors users(20);
  RatingErrors all(3);
  std::vector<int32_t> rows(20);
  for (int n = 0; n < 300; ++n) {
    const auto user = static_cast<int32_t>(2 * random.below(10));
    const float rating = static_cast<float>(random.below(6)),
                prediction = static_cast<float>(5 * random.uniform());
    ++rows[user];
    users.add(user, prediction, rating);
    all.add(prediction, rating);
  }
  PerUserFigures out;
  users.copy_to(out);
  double squares = 0, absolutes = 0, count = 0;
  ASSERT_EQ(out.user.size(), 10u) << "those with rows";
  for (size_t n = 0; n < out.user.size(); ++n) {
    EXPECT_EQ(out.count[n], rows[out.user[n]]);
    count += out.count[n];
    squares += out.squared_error[n];
    absolutes += out.absolute_error[n];
  }
  EXPECT_NEAR(squares / count, all.metrics().mse, 1e-12);
  EXPECT_NEAR(absolutes / count, all.metrics().mae, 1e-12);
}

TEST(AddRankings, GivesUsersWhoWereNotRankedNoFigure) {
  PerUserFigures figures;
  figures.user = {1, 4, 6, 9};
  add_rankings({{4, 9}, {{"hit@1", {0.5f, 1}}}}, figures);
  ASSERT_EQ(figures.rankings.size(), 1u);
  const std::vector<float>& hit = figures.rankings[0].second;
  EXPECT_TRUE(std::isnan(hit[0]) && std::isnan(hit[2]));
  EXPECT_EQ(hit[1], 0.5f);
  EXPECT_EQ(hit[3], 1);
}

}  // namespace
}  // namespace latent
