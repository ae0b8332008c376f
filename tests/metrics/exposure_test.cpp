#include "src/metrics/exposure.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "src/metrics/ranking.h"
#include "src/score/ranker.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

using Figures = std::map<std::string, double>;

Figures as_map(const NamedFigures& figures) { return {figures.begin(), figures.end()}; }

/// `lists` of items, best first, through Exposure.
Figures figures_of(const std::vector<std::vector<int32_t>>& lists, std::vector<int64_t> cut_offs,
                   int32_t items, const UserItems& had, std::vector<char> unlisted = {}) {
  Exposure exposure(cut_offs, items, unlisted);
  for (const auto& list : lists) {
    std::vector<Scored> scored;
    for (const int32_t i : list) scored.push_back({.index = i, .score = 0});
    exposure.add(scored);
  }
  return as_map(exposure.figures(had));
}

const UserItems kNobody({}, {}, 1);

TEST(Exposure, CoversTheShareOfItemsThatStandInSomeList) {
  const Figures got = figures_of({{0, 1, 2}, {0, 3, 1}}, {1, 2, 3}, 8, kNobody);
  EXPECT_EQ(got.at("coverage@1"), 1.0 / 8);
  EXPECT_EQ(got.at("coverage@2"), 3.0 / 8);
  EXPECT_EQ(got.at("coverage@3"), 4.0 / 8);
}

TEST(Exposure, HasAGiniOfZeroForEqualSharesAndOfNearlyOneForASingleItem) {
  EXPECT_NEAR(figures_of({{0, 1}, {2, 3}}, {2}, 4, kNobody).at("gini@2"), 0, 1e-15);
  EXPECT_NEAR(figures_of({{2}, {2}, {2}}, {1}, 4, kNobody).at("gini@1"), 0.75, 1e-15);
}

TEST(Exposure, HasTheGiniOfAllPairsOfItems) {
  const std::vector<std::vector<int32_t>> lists = {{0, 1}, {0, 2}, {0, 1}, {4, 0}};
  const std::vector<double> shown = {4, 2, 1, 0, 1};
  double differences = 0, sum = 0;
  for (const double a : shown) {
    sum += a;
    for (const double b : shown) differences += std::abs(a - b);
  }
  EXPECT_NEAR(figures_of(lists, {2}, 5, kNobody).at("gini@2"),
              differences / (2 * static_cast<double>(shown.size()) * sum), 1e-15);
}

TEST(Exposure, IsAsNovelAsItsItemsAreRare) {
  // Four users with items, and one without: item 0 all four had, item 1 one, item 2 nobody.
  const std::vector<int32_t> users = {0, 1, 2, 3, 3}, items = {0, 0, 0, 0, 1};
  const UserItems had(users, items, 5);
  EXPECT_EQ(figures_of({{0}}, {1}, 3, had).at("novelty@1"), 0);
  EXPECT_EQ(figures_of({{1}}, {1}, 3, had).at("novelty@1"), 2);
  EXPECT_EQ(figures_of({{2}}, {1}, 3, had).at("novelty@1"), 2);  // as if one had
  EXPECT_EQ(figures_of({{1, 0}, {2, 0}}, {2}, 3, had).at("novelty@2"), 1);
}

TEST(Exposure, PassesOverUnlistedItems) {
  const Figures got = figures_of({{3, 0, 1}}, {1}, 4, kNobody, {0, 0, 0, 1});
  EXPECT_EQ(got, figures_of({{0, 1}}, {1}, 4, kNobody));
}

TEST(Exposure, IsEmptyWithoutAList) {
  EXPECT_TRUE(figures_of({}, {1}, 4, kNobody).empty());
  EXPECT_TRUE(figures_of({{}}, {1}, 4, kNobody).empty());
}

/// 300 users, most with held-out items; scores of few levels, so that ties matter.
struct Lists {
  static constexpr int32_t kUsers = 300, kItems = 400;
  UserItems held_out, masked, known;
  ScoreMatrix scores = ScoreMatrix::random(kUsers, kItems, /*levels=*/50);

  Lists() {
    RandomStream random = Rng(5).stream("lists");
    std::vector<int32_t> users[2], items[2];
    for (int32_t u = 0; u < kUsers; ++u) {
      for (int32_t i = 0; i < kItems; ++i) {
        const uint32_t where = random.below(20);
        if (where > 1 || (where == 0 && u % 10 == 0)) continue;
        users[where].push_back(u);
        items[where].push_back(i);
      }
    }
    held_out = UserItems(users[0], items[0], kUsers);
    masked = UserItems(users[1], items[1], kUsers);
    known = merged(held_out, masked);
  }

  RankingFigures figures(std::span<const char> unlisted, int threads, bool lists = true) const {
    return ranking_metrics(
        scores.view(), {&held_out, &masked, &known, {1, 5, 20}, threads, {}, {}, lists, unlisted});
  }
};

// Few unlisted items are cut out of longer lists, many make the catalogue be ranked once more.
TEST(RankingLists, AreThoseThatRecommendGivesUnderTheMask) {
  const Lists c;
  for (const int hidden : {0, 3, 350}) {
    std::vector<char> unlisted(Lists::kItems), allowed(Lists::kItems, 1);
    for (int n = 0; n < hidden; ++n) {
      unlisted[n] = 1;
      allowed[n] = 0;
    }
    const FactorView view = c.scores.view();
    std::vector<int32_t> users;
    for (int32_t u = 0; u < Lists::kUsers; ++u) {
      if (!c.held_out.of(u).empty()) users.push_back(u);
    }
    std::vector<std::vector<int32_t>> lists;
    for (const auto& list : Ranker(view).rank(users, 20, {c.masked, allowed, {}}, 1)) {
      lists.emplace_back();
      for (const Scored& s : list) lists.back().push_back(s.index);
    }
    const Figures expected = figures_of(lists, {1, 5, 20}, Lists::kItems, c.masked);
    for (const int threads : {1, 3}) {
      const RankingFigures got = c.figures(unlisted, threads);
      EXPECT_EQ(as_map(got.lists), expected) << hidden << " hidden";
      EXPECT_EQ(got.all, c.figures({}, 1, /*lists=*/false).all);  // which knows of no lists
    }
  }
}

TEST(RankingLists, AreNotLookedAtUnlessAskedFor) {
  EXPECT_TRUE(Lists().figures({}, 1, /*lists=*/false).lists.empty());
}

}  // namespace
}  // namespace latent
