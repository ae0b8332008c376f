#include "src/metrics/prediction_spread.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

TEST(PredictionSpread, HasTheQuantilesOfEachRating) {
  // One user whose score of item i is i: rating 1 has the items 0 ... 100, rating 4 the others.
  std::vector<float> scores(121);
  std::vector<int32_t> user(121), item;
  std::vector<float> rating;
  for (int n = 0; n < 121; ++n) {
    scores[n] = static_cast<float>(n);
    item.push_back(120 - n);
    rating.push_back(120 - n <= 100 ? 1 : 4);
  }
  const ScoreMatrix matrix(1, 121, scores);
  const auto spreads = prediction_spreads(matrix.view(), user, item, rating);
  ASSERT_EQ(spreads.size(), 2u);
  EXPECT_EQ(spreads[0].mean, 1);
  EXPECT_EQ(spreads[0].rows, 101);
  EXPECT_EQ(spreads[0].low, 5);
  EXPECT_EQ(spreads[0].first_quarter, 25);
  EXPECT_EQ(spreads[0].median, 50);
  EXPECT_EQ(spreads[0].third_quarter, 75);
  EXPECT_EQ(spreads[0].high, 95);
  EXPECT_EQ(spreads[1].rows, 20);
  EXPECT_EQ(spreads[1].median, 110.5);
}

TEST(PredictionSpread, PutsManyDifferentRatingsIntoTenBins) {
  std::vector<float> scores(200, 3), rating;
  std::vector<int32_t> user(200), item;
  for (int n = 0; n < 200; ++n) {
    item.push_back(n);
    rating.push_back(static_cast<float>(n) / 100);
  }
  const ScoreMatrix matrix(1, 200, scores);
  const auto spreads = prediction_spreads(matrix.view(), user, item, rating);
  ASSERT_EQ(spreads.size(), 10u);
  int64_t rows = 0;
  for (size_t n = 0; n < spreads.size(); ++n) {
    rows += spreads[n].rows;
    EXPECT_LE(spreads[n].lowest, spreads[n].mean);
    EXPECT_LE(spreads[n].mean, spreads[n].highest);
    EXPECT_EQ(spreads[n].low, 3);
    if (n > 0) {
      EXPECT_GT(spreads[n].lowest, spreads[n - 1].highest);
    }
  }
  EXPECT_EQ(rows, 200);
}

TEST(PredictionSpread, OfNoRowsIsEmpty) {
  const ScoreMatrix matrix(1, 1, {0});
  EXPECT_TRUE(prediction_spreads(matrix.view(), {}, {}, {}).empty());
}

}  // namespace
}  // namespace latent
