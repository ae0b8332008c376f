// The notebook's AUC (Exercise 5.4).
#include <algorithm>
#include <cmath>

#include "src/metrics/ranking.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 300, kItems = 60;

/// 0 to 14 test items a user, among the first 50 items: the last 10 are in no test set.
UserItems random_test(uint64_t seed = 1) {
  RandomStream random = Rng(seed).stream("test");
  std::vector<int32_t> users, items;
  for (int32_t u = 0; u < kUsers; ++u) {
    for (uint32_t n = random.below(15); n > 0; --n) {
      users.push_back(u);
      items.push_back(static_cast<int32_t>(random.below(kItems - 10)));
    }
  }
  return UserItems(users, items, kUsers);
}

ScoreMatrix constant(float score) {
  return ScoreMatrix(kUsers, kItems, std::vector<float>(kUsers * kItems, score));
}

TEST(AucSampled, IsOneForAPerfectModelAndZeroForItsReverse) {
  const UserItems test = random_test();
  ScoreMatrix scores = constant(0);
  for (int32_t u = 0; u < kUsers; ++u) {
    for (const int32_t i : test.of(u)) scores.at(u, i) = 1;
  }
  EXPECT_EQ(auc_sampled(scores.view(), test, 1), 1);
  for (int32_t u = 0; u < kUsers; ++u) {
    for (const int32_t i : test.of(u)) scores.at(u, i) = -1;
  }
  EXPECT_EQ(auc_sampled(scores.view(), test, 1), 0);
}

TEST(AucSampled, ATieLoses) { EXPECT_EQ(auc_sampled(constant(3).view(), random_test(), 1), 0); }

TEST(AucSampled, IsAHalfForARandomModel) {
  const UserItems test = random_test();
  EXPECT_NEAR(auc_sampled(ScoreMatrix::random(kUsers, kItems, 1u << 20).view(), test, 1), 0.5,
              0.04);
}

TEST(AucSampled, DrawsNegativesFromTheTestSetOnly) {
  const UserItems test = random_test();
  ScoreMatrix scores = constant(0);
  for (int32_t u = 0; u < kUsers; ++u) {
    for (const int32_t i : test.of(u)) scores.at(u, i) = 1;
    for (int32_t i = kItems - 10; i < kItems; ++i)
      scores.at(u, i) = 2;  // in no test set: never drawn
  }
  EXPECT_EQ(auc_sampled(scores.view(), test, 1), 1);
}

// The catalogue's other test items are eligible whatever the user trained on: the function never
// sees the training part. Here user 0's one possible opponent is an item it has rated before,
// scored above its test item.
TEST(AucSampled, LeavesTrainingItemsEligible) {
  const std::vector<int32_t> users = {0, 1}, items = {0, 1};
  const UserItems test(users, items, 2);
  ScoreMatrix scores(
      2, 2, {1, 2, 0, 1});  // user 0: its item 1, the other 2; user 1: the other 0, its item 1
  EXPECT_EQ(auc_sampled(scores.view(), test, 1), 0.5);
}

TEST(AucSampled, AveragesOverTestUsersNotOverPairs) {
  // User 0 loses its one pair, user 1 wins all five of its pairs; user 2 has no test item.
  const std::vector<int32_t> users = {0, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3},
                             items = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const UserItems test(users, items, 4);
  ScoreMatrix scores(4, 11, std::vector<float>(44, 0));
  for (int32_t i = 1; i < 11; ++i) scores.at(0, i) = 1;
  for (int32_t i = 1; i < 6; ++i) scores.at(1, i) = 1;
  EXPECT_NEAR(auc_sampled(scores.view(), test, 1), (0.0 + 1.0 + 0.0) / 3, 1e-12);
}

TEST(AucSampled, TakesTenDistinctPairsOfLargeUsers) {
  // One user with 30 test items, of which some win; the figure must be a multiple of 1/10.
  std::vector<int32_t> users, items;
  for (int32_t i = 0; i < 60; ++i) {
    users.push_back(i < 30 ? 0 : 1);
    items.push_back(i);
  }
  const UserItems test(users, items, 2);
  bool fraction = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    ScoreMatrix scores = ScoreMatrix::random(2, 60, 1u << 20, seed);
    for (int32_t i = 0; i < 60; ++i) scores.at(1, i) = 0;  // user 1 loses all
    const double tenths = auc_sampled(scores.view(), test, seed) * 2 * 10;
    EXPECT_NEAR(tenths, std::round(tenths), 1e-9);
    fraction = fraction || (tenths > 0.5 && tenths < 9.5);
  }
  EXPECT_TRUE(fraction);
}

/// User 0's figure over many seeds at most, where one of its 10 test items or one of its 40
/// opponents decides.
double most_wins(bool one_test_item_wins) {
  std::vector<int32_t> users, items;
  for (int32_t i = 0; i < (one_test_item_wins ? 60 : 50); ++i) {
    users.push_back(i < (one_test_item_wins ? 20 : 10) ? 0 : 1);
    items.push_back(i);
  }
  ScoreMatrix scores(2, 60, std::vector<float>(120, 0));  // user 1 loses all
  for (int32_t i = 0; i < 60; ++i) scores.at(0, i) = 1;
  scores.at(0, one_test_item_wins ? 0 : 49) = one_test_item_wins ? 2 : 0;
  const UserItems test(users, items, 2);
  double most = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed)
    most = std::max(most, 2 * auc_sampled(scores.view(), test, seed));
  return most;
}

TEST(AucSampled, DrawsNoTestItemAndNoOpponentTwice) {
  EXPECT_NEAR(most_wins(/*one_test_item_wins=*/true), 0.1, 1e-12);
  EXPECT_NEAR(most_wins(/*one_test_item_wins=*/false), 0.1, 1e-12);
}

TEST(AucSampled, DependsOnTheSeedAlone) {
  const UserItems test = random_test();
  const ScoreMatrix scores = ScoreMatrix::random(kUsers, kItems, 1u << 20);
  EXPECT_EQ(auc_sampled(scores.view(), test, 1), auc_sampled(scores.view(), test, 1));
  EXPECT_NE(auc_sampled(scores.view(), test, 1), auc_sampled(scores.view(), test, 2));
}

// Its expectation, given the test sets, is the plain AUC among test items, with ties as losses.
TEST(AucSampled, MeansOverSeedsApproachTheFullAuc) {
  const UserItems test = random_test();
  const ScoreMatrix scores = ScoreMatrix::random(kUsers, kItems, 8);
  const FactorView model = scores.view();
  std::vector<int32_t> pool = test.item;
  std::sort(pool.begin(), pool.end());
  pool.erase(std::unique(pool.begin(), pool.end()), pool.end());
  double full = 0;
  int users = 0;
  for (int32_t u = 0; u < kUsers; ++u) {
    if (test.of(u).empty()) continue;
    double wins = 0, pairs = 0;
    for (const int32_t i : test.of(u)) {
      for (const int32_t j : pool) {
        if (test.has(u, j)) continue;
        wins += model.score(u, i) > model.score(u, j);
        pairs += 1;
      }
    }
    full += wins / pairs;
    ++users;
  }
  double sampled = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) sampled += auc_sampled(model, test, seed) / 200;
  EXPECT_NEAR(sampled, full / users, 0.004);
}

TEST(AucSampled, IsZeroWithoutTestItems) {
  EXPECT_EQ(auc_sampled(constant(1).view(), UserItems({}, {}, kUsers), 1), 0);
}

}  // namespace
}  // namespace latent
