#include "src/metrics/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Errors of made-up users with a few rows each.
UserSums made_up(uint64_t seed, int32_t users, bool root) {
  RandomStream random = Rng(seed).stream("made up");
  UserSums out{.sum = {}, .weight = {}, .root = root};
  for (int32_t u = 0; u < users; ++u) {
    const double rows = 1 + random.below(9);
    out.weight.push_back(rows);
    out.sum.push_back(rows * (0.5 + random.uniform()));
  }
  return out;
}

TEST(UserSums, GiveTheFigureOverAllUsers) {
  EXPECT_DOUBLE_EQ((UserSums{.sum = {1, 0, 0.5}, .weight = {}}).figure(), 0.5);
  EXPECT_DOUBLE_EQ((UserSums{.sum = {8, 10}, .weight = {1, 1}, .root = true}).figure(), 3);
  EXPECT_DOUBLE_EQ((UserSums{.sum = {8, 10}, .weight = {2, 4}}).figure(), 3);
}

TEST(RedrawnFigures, AreThoseOfListsOfUsersDrawnOneByOne) {
  // The same draws, by writing each list of users out and adding its rows up.
  const UserSums one = made_up(1, 37, true), other = made_up(2, 37, false);
  const UserSums* const runs[] = {&one, &other};
  const auto got = redrawn_figures(runs, 50, /*threads=*/1);
  for (uint64_t draw = 0; draw < 50; ++draw) {
    RandomStream stream = Rng(20).stream("users", draw);
    std::vector<uint32_t> users(37);
    for (uint32_t& user : users) user = stream.below(37);
    for (size_t r = 0; r < 2; ++r) {
      double sum = 0, weight = 0;
      for (const uint32_t user : users) {
        sum += runs[r]->sum[user];
        weight += runs[r]->weight[user];
      }
      EXPECT_NEAR(got[r][draw], r == 0 ? std::sqrt(sum / weight) : sum / weight, 1e-12);
    }
  }
}

TEST(RedrawnFigures, DoNotDependOnThreads) {
  const UserSums one = made_up(3, 200, true);
  const UserSums* const runs[] = {&one};
  EXPECT_EQ(redrawn_figures(runs, 100, 1), redrawn_figures(runs, 100, 3));
}

TEST(RedrawnFigures, SpreadAsTheMeanOfUsersDoes) {
  const UserSums one = made_up(4, 400, false);
  UserSums plain{.sum = {}, .weight = {}};
  double mean = 0, squares = 0;
  for (size_t u = 0; u < one.sum.size(); ++u) plain.sum.push_back(one.sum[u] / one.weight[u]);
  for (const double value : plain.sum) mean += value / 400;
  for (const double value : plain.sum) squares += (value - mean) * (value - mean);
  const UserSums* const runs[] = {&plain};
  const auto draws = redrawn_figures(runs, 4000, 1)[0];
  double spread = 0;
  for (const double value : draws) spread += (value - mean) * (value - mean);
  EXPECT_NEAR(std::sqrt(spread / 4000) / std::sqrt(squares / 400 / 400), 1, 0.05);
}

/// A side whose seeds have these figures whatever the users are.
struct Side {
  std::vector<std::vector<double>> draws;
  SeedDraws seeds;

  explicit Side(const std::vector<double>& figures, size_t count = 2000) {
    for (const double figure : figures) draws.emplace_back(count, figure);
    for (const auto& values : draws) seeds.seeds.emplace_back(values);
  }
};

TEST(DifferenceInterval, OfOneRunEachIsThatOverUsersAlone) {
  std::vector<double> one(1001), zero(1001);
  for (size_t n = 0; n < one.size(); ++n) one[n] = static_cast<double>((n * 37) % 1001);
  const SeedDraws a{.seeds = {one}}, b{.seeds = {zero}};
  const Interval got = difference_interval(a, b);
  EXPECT_DOUBLE_EQ(got.low, 25);
  EXPECT_DOUBLE_EQ(got.high, 975);
}

TEST(DifferenceInterval, TurnsWithItsSides) {
  const Side a({1, 1.5, 1.25}), b({0.5, 0.25, 1});
  const Interval got = difference_interval(a.seeds, b.seeds);
  EXPECT_LT(got.low, 0.67);
  EXPECT_GT(got.high, 0.67);
  const Interval turned = difference_interval(b.seeds, a.seeds);
  EXPECT_NEAR(turned.low, -got.high, 0.15);
  EXPECT_NEAR(turned.high, -got.low, 0.15);
}

TEST(DifferenceInterval, CoversTheLuckOfAFewSeedsAtNineteenInTwenty) {
  for (const size_t seeds : {2u, 3u, 5u}) {
    int missed = 0;
    constexpr int kTimes = 600;
    for (uint64_t n = 0; n < kTimes; ++n) {
      RandomStream random = Rng(7).stream("seeds", seeds, n);
      std::vector<double> figures[2];
      for (auto& side : figures) {
        for (size_t s = 0; s < seeds; ++s) side.push_back(random.normal());
      }
      const Side a(figures[0], 400), b(figures[1], 400);
      const Interval got = difference_interval(a.seeds, b.seeds);
      missed += got.low > 0 || got.high < 0;
    }
    EXPECT_LT(missed, 30 + 4 * std::sqrt(28.5)) << seeds;
    EXPECT_GT(missed, 5) << "too wide for " << seeds;
  }
}

TEST(DifferenceInterval, GivesASingleSeedTheOtherSidesSpread) {
  const Side alone({2}), several({0, 1, -1, 0.5});
  const Interval got = difference_interval(alone.seeds, several.seeds);
  SeedDraws certain = alone.seeds;
  certain.random = false;
  const Interval less = difference_interval(certain, several.seeds);
  EXPECT_LT(got.low, less.low);
  EXPECT_GT(got.high, less.high);
  EXPECT_LT(less.low, less.high) << "the other side's seeds are drawn all the same";
}

TEST(DifferenceInterval, OfModelsThatDrawNothingHasNoSeedsInIt) {
  Side a({1, 1, 1}), b({0.25});
  a.seeds.random = b.seeds.random = false;
  const Interval got = difference_interval(a.seeds, b.seeds);
  EXPECT_DOUBLE_EQ(got.low, 0.75);
  EXPECT_DOUBLE_EQ(got.high, 0.75);
}

}  // namespace
}  // namespace latent
