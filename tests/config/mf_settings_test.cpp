// What mf's knobs come to where they are left to auto.
#include "src/config/mf_settings.h"

#include "tests/support.h"

namespace latent {
namespace {

TEST(ScoreOfMf, IsTheCosineUnlessTheLossIsOfPointsOrPairs) {
  for (const char* loss : {"mse", "bce", "bpr", "hinge"}) EXPECT_FALSE(is_cosine({.loss = loss}));
  for (const char* loss : {"softmax", "bsl", "sl_at_k", "ccl", "directau"})
    EXPECT_TRUE(is_cosine({.loss = loss}));
  EXPECT_TRUE(is_cosine({.loss = "bpr", .score = "cosine"}));
  EXPECT_FALSE(is_cosine({.loss = "bsl", .score = "dot"}));
}

TEST(NegativesOfMf, AreSharedAboveSixteenUnlessSaidOtherwise) {
  TrainOptions train;
  train.negatives = 16;
  EXPECT_FALSE(shares_negatives(train));
  train.negatives = 17;
  EXPECT_TRUE(shares_negatives(train));
  train.negatives_shared = "false";
  EXPECT_FALSE(shares_negatives(train));
  train.negatives = 1;
  train.negatives_shared = "true";
  EXPECT_TRUE(shares_negatives(train));
  train = {};
  train.negatives = 1;
  train.negative_sampling = "in_batch";
  EXPECT_TRUE(shares_negatives(train));
}

TEST(ConstantsOfMf, AreEachLosssOwnUnlessGiven) {
  EXPECT_EQ(margin_of({.loss = "hinge"}), 1);
  EXPECT_EQ(margin_of({.loss = "ccl"}), 0.9);
  EXPECT_EQ(negative_weight_of({.loss = "ccl"}), 150);
  EXPECT_EQ(negative_weight_of({.loss = "bce"}), 1);
  MfOptions given{.loss = "ccl"};
  given.margin = 0.2;
  given.negative_weight = 3;
  EXPECT_EQ(margin_of(given), 0.2);
  EXPECT_EQ(negative_weight_of(given), 3);
}

}  // namespace
}  // namespace latent
