// Constants of ials that are made from the counts.
#include "src/config/auto_values.h"

#include <gtest/gtest.h>

#include "src/config/read.h"

namespace latent {
namespace {

TEST(IalsConstants, AreNearWhatTuningChose) {
  struct Case {
    const char* name;
    PairCounts counts;
    double alpha0, reg;
  };
  // Tuned by hand; a factor of 2 moves ndcg@10 little.
  for (const Case& c : {Case{"ml-1m", {6034, 3125, 700'000}, 0.2, 0.01},
                        Case{"lastfm", {1885, 17'388, 73'000}, 0.04, 0.016},
                        Case{"ml-100k", {943, 1682, 90'000}, 0.25, 0.014},
                        Case{"check-ins", {30'000, 41'000, 810'000}, 0.015, 0.004},
                        Case{"goodbooks", {51'000, 10'000, 650'000}, 0.01, 0.006}}) {
    const IalsConstants made = ials_constants({}, c.counts);
    EXPECT_GT(made.alpha0, c.alpha0 / 2) << c.name;
    EXPECT_LT(made.alpha0, c.alpha0 * 2) << c.name;
    EXPECT_GT(made.reg, c.reg / 2) << c.name;
    EXPECT_LT(made.reg, c.reg * 2) << c.name;
  }
}

TEST(IalsConstants, AreTheGivenNumbersWhereThereAreAny) {
  IalsOptions options;
  options.alpha0 = 0.3;
  EXPECT_EQ(ials_constants(options, {10, 10, 20}).alpha0, 0.3);
  options.reg = 0.0;
  EXPECT_EQ(ials_constants(options, {10, 10, 20}).reg, 0.0);
}

TEST(IalsConstants, OfImplicitsFormHaveItsPackagesPenalty) {
  IalsOptions options;
  options.form = "implicit";
  EXPECT_EQ(ials_constants(options, {10, 10, 20}).reg, 0.01);
}

TEST(IalsConstants, AreFiniteWhateverTheCounts) {
  for (const PairCounts& counts : {PairCounts{}, PairCounts{1, 1, 1}, PairCounts{5, 3, 0}}) {
    const IalsConstants made = ials_constants({}, counts);
    EXPECT_GT(made.alpha0, 0);
    EXPECT_LT(made.alpha0, 10);
    EXPECT_GT(made.reg, 0);
    EXPECT_LT(made.reg, 0.1);
  }
}

TEST(PenaltiesOfGradientModels, AreTheGivenOnes) {
  TrainOptions train;
  train.lambda = 0.5;
  train.lambda_item_bias = 0.25;
  const GroupPenalties own = group_penalties(train, 1000);
  EXPECT_EQ(own.user_bias, 0.5);
  EXPECT_EQ(own.item_bias, 0.25);
  EXPECT_EQ(own.factors, 0.5);
}

TEST(PenaltiesOfGradientModels, WeighAsManyRowsHoweverManyThereAreUnderAuto) {
  TrainOptions train;
  train.lambda = AutoNumber();
  train.lambda_user_bias = 7;
  const GroupPenalties few = group_penalties(train, 1000), many = group_penalties(train, 1'000'000);
  EXPECT_EQ(few.user_bias, 7);
  EXPECT_DOUBLE_EQ(few.item_bias, 1000 * many.item_bias);
  EXPECT_DOUBLE_EQ(few.factors, 1000 * many.factors);
  EXPECT_GT(many.item_bias, 0);
  EXPECT_GT(many.factors, many.item_bias);
  EXPECT_LT(group_penalties(train, 1000, /*ranking=*/true).factors, few.factors);
  EXPECT_LT(group_penalties(train, 0).factors, 100) << "no rows are no division by 0";
}

TEST(TheBatchSize, FollowsFromTheRowsUnderAutoAlone) {
  TrainOptions train;
  train.batch_size = 77;
  EXPECT_EQ(batch_size_of(train, 1'000'000), 77);
  train.batch_size = AutoCount();
  EXPECT_EQ(batch_size_of(train, 0), 2000);
  EXPECT_EQ(batch_size_of(train, 90'000), 2000);
  EXPECT_EQ(batch_size_of(train, 500'000), 10'000);
  EXPECT_EQ(batch_size_of(train, 229'000'000), 50'000);
}

TEST(TheTemperature, FollowsFromTheDensityOfCosinesUnderAuto) {
  MfOptions options;
  options.tau = 0.3;
  EXPECT_EQ(tau_of(options, {10, 10, 20}), 0.3);
  options.tau = AutoNumber();
  // Constants of BSL's code: check-ins, Yelp, MovieLens 1M.
  EXPECT_NEAR(tau_of(options, {30'000, 41'000, 810'000}), 0.08, 0.01);
  EXPECT_NEAR(tau_of(options, {31'668, 38'048, 1'560'000}), 0.11, 0.02);
  EXPECT_NEAR(tau_of(options, {6040, 3706, 1'000'000}), 0.17, 0.05);
  EXPECT_GT(tau_of(options, {}), 0);
  EXPECT_LT(tau_of(options, {1, 1, 50}), 1);
  options.score = "dot";
  EXPECT_EQ(tau_of(options, {30'000, 41'000, 810'000}), 1);
}

TEST(TheValidationShare, IsATenthWhereSomethingStopsEarlyAndThereAreRowsEnough) {
  const auto share = [](const std::vector<std::string>& sets, int64_t rows) {
    return valid_share_of(resolve_config("{}", "c", sets).config.split, rows);
  };
  const std::string by_length = "train.epochs=3", stops = "train.patience=3";
  EXPECT_EQ(share({by_length}, 100'000), 0);
  EXPECT_EQ(share({by_length, stops}, 100'000), 0.1);
  EXPECT_EQ(share({by_length, stops}, 1000), 0.1);
  EXPECT_EQ(share({by_length, stops}, 999), 0);
  EXPECT_EQ(share({by_length, stops, "split.valid=auto"}, 1000), 0.1);
  EXPECT_EQ(share({by_length, stops, "split.valid=0.3"}, 10), 0.3);
  EXPECT_EQ(share({by_length, "split.valid=0.3"}, 10), 0.3);
  EXPECT_EQ(share({by_length, stops, "split.valid=0"}, 1000), 0);
}

TEST(AutoPenalties, OfSolversAreTheirOwnDefault) {
  EXPECT_EQ(resolve_config("{}", "c", {"model.name=svd", "train.lambda=auto"}).config.train.lambda,
            resolve_config("{}", "c", {"model.name=svd"}).config.train.lambda);
  EXPECT_EQ(resolve_config("{}", "c", {"model.name=bpr", "train.lambda=auto"}).config.train.lambda,
            AutoNumber());
}

TEST(AKnobOfACountOrAuto, TakesEitherAndNothingElse) {
  const auto size = [](const std::string& value) {
    return resolve_config("{}", "c", {"train.steps=5", "train.batch_size=" + value})
        .config.train.batch_size.value;
  };
  EXPECT_EQ(size("auto"), std::nullopt);
  EXPECT_EQ(size("512"), 512);
  EXPECT_EQ(size("1e3"), 1000);
  for (const char* wrong : {"0", "-1", "2.5", "some", "null", "true"})
    EXPECT_THROW(size(wrong), std::exception) << wrong;
}

TEST(AKnobOfANumberOrAuto, TakesEitherAndNothingElse) {
  const auto alpha0 = [](const std::string& value) {
    return resolve_config("{}", "c", {"model.name=ials", "ials.alpha0=" + value})
        .config.ials.alpha0.value;
  };
  EXPECT_EQ(alpha0("auto"), std::nullopt);
  EXPECT_EQ(alpha0("0.25"), 0.25);
  EXPECT_THROW(alpha0("-1"), std::exception);
  EXPECT_THROW(alpha0("some"), std::exception);
  EXPECT_THROW(alpha0("null"), std::exception);
}

}  // namespace
}  // namespace latent
