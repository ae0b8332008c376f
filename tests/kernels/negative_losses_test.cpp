// Slopes of the losses against differences, and batches that share negatives against one sample
// after another. tests/train/many_negatives_loss_test.cpp compares values with LibTorch's.
#include "src/kernels/negative_losses.h"

#include <cmath>
#include <numeric>

#include "src/base/huge_pages.h"
#include "src/base/rng.h"
#include "src/kernels/shared_negatives.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int64_t kNegatives = 32;

NegativeLossForm form_of(NegativeLoss kind) {
  return {.kind = kind, .tau = 0.4f, .tau2 = 1.3f, .tau_w = 0.6f, .margin = 0.1f,
          .negative_weight = 2};
}

std::vector<float> random_values(int64_t n, uint64_t key) {
  RandomStream stream(key);
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(stream.normal());
  return out;
}

/// Some weigh nothing, however high they score.
std::vector<float> some_weights() {
  std::vector<float> out(kNegatives, 1);
  for (int64_t n = 0; n < kNegatives; ++n)
    out[n] = n % 5 == 1 ? 0 : 0.25f * static_cast<float>(n % 4 + 1);
  return out;
}

class SlopesOf : public testing::TestWithParam<NegativeLoss> {};

TEST_P(SlopesOf, AreThoseOfTheLoss) {
  const NegativeLossForm form = form_of(GetParam());
  const std::vector<float> weights = some_weights();
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<float> scores = random_values(kNegatives, 3);
  scores[1] = 1000;  // left out
  const auto loss_of = [&](float s, std::vector<float> negatives) {
    return negative_loss(form, s, 0.2f, weights.data(), total, negatives.data(), kNegatives).loss;
  };
  std::vector<float> slopes = scores;
  const PositiveSlope out =
      negative_loss(form, 0.7f, 0.2f, weights.data(), total, slopes.data(), kNegatives);
  constexpr float kStep = 1.0f / 64;
  if (GetParam() != NegativeLoss::kBsl) {
    EXPECT_NEAR(out.slope,
                (loss_of(0.7f + kStep, scores) - loss_of(0.7f - kStep, scores)) / (2 * kStep),
                2e-3 * (1 + std::abs(out.slope)));
  }
  for (int64_t n = 0; n < kNegatives; ++n) {
    std::vector<float> above = scores, below = scores;
    above[n] += kStep;
    below[n] -= kStep;
    EXPECT_NEAR(slopes[n], (loss_of(0.7f, above) - loss_of(0.7f, below)) / (2 * kStep), 2e-3) << n;
    if (weights[n] == 0) EXPECT_EQ(slopes[n], 0);
  }
}

TEST_P(SlopesOf, AreZeroWhereNoNegativeIsLeft) {
  const std::vector<float> none(kNegatives, 0.0f);
  std::vector<float> scores = random_values(kNegatives, 4);
  const PositiveSlope out =
      negative_loss(form_of(GetParam()), 0.5f, 0, none.data(), 0, scores.data(), kNegatives);
  EXPECT_EQ(scores, std::vector<float>(kNegatives, 0.0f));
  EXPECT_TRUE(std::isfinite(out.loss));
  EXPECT_TRUE(std::isfinite(out.slope));
}

TEST_P(SlopesOf, StayFiniteForExtremeScores) {
  const std::vector<float> weights(kNegatives, 1.0f);
  for (const float extreme : {-3e4f, 3e4f}) {
    std::vector<float> scores(kNegatives, extreme);
    scores[3] = -extreme;
    const PositiveSlope out = negative_loss(form_of(GetParam()), -extreme, 0, weights.data(),
                                            kNegatives, scores.data(), kNegatives);
    EXPECT_TRUE(std::isfinite(out.loss));
    for (const float s : scores) EXPECT_TRUE(std::isfinite(s));
  }
}

INSTANTIATE_TEST_SUITE_P(Losses, SlopesOf,
                         testing::Values(NegativeLoss::kMse, NegativeLoss::kBce, NegativeLoss::kBpr,
                                         NegativeLoss::kHinge, NegativeLoss::kSoftmax,
                                         NegativeLoss::kBsl, NegativeLoss::kSlAtK,
                                         NegativeLoss::kCcl));

TEST(SharedNegativeLosses, AreTheSumOfEachSamplesAndTheSumOfItsSlopes) {
  constexpr int64_t kSize = 150, kColumns = 32, kMany = 40, kWide = 48;
  const auto users = random_values(kSize * kColumns, 5), items = random_values(kMany * kColumns, 6);
  const auto positives = random_values(kSize, 7), bias = random_values(kMany, 8);
  const std::vector<int64_t> excluded = {0, 39, 40, 5 * kMany + 7, 149 * kMany + 39};
  SharedNegatives batch{kSize, kMany, kColumns, users.data(), items.data()};
  batch.item_bias = bias.data();
  batch.positives = positives.data();
  batch.excluded = excluded;
  const NegativeLossForm form = form_of(NegativeLoss::kSoftmax);
  std::vector<float> slope(kSize), by_user(users.size()), by_item(items.size()), by_bias(kMany);
  const double sum = shared_negative_losses(
      form, batch, 2, {slope.data(), by_user.data(), by_item.data(), by_bias.data()});

  double expected = 0;
  std::vector<double> item_sum(items.size()), bias_sum(kMany);
  for (int64_t b = 0; b < kSize; ++b) {
    std::vector<float> scores(kWide), weights(kWide);
    for (int64_t n = 0; n < kMany; ++n) {
      double s = bias[n];
      for (int64_t k = 0; k < kColumns; ++k)
        s += double{users[b * kColumns + k]} * items[n * kColumns + k];
      scores[n] = static_cast<float>(s);
      weights[n] = std::count(excluded.begin(), excluded.end(), b * kMany + n) > 0 ? 0 : 1;
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    const PositiveSlope one =
        negative_loss(form, positives[b], 0, weights.data(), total, scores.data(), kWide);
    expected += one.loss;
    EXPECT_FLOAT_EQ(slope[b], one.slope);
    for (int64_t k = 0; k < kColumns; ++k) {
      double rise = 0;
      for (int64_t n = 0; n < kMany; ++n) {
        rise += double{scores[n]} * items[n * kColumns + k];
        item_sum[n * kColumns + k] += double{scores[n]} * users[b * kColumns + k];
      }
      EXPECT_NEAR(by_user[b * kColumns + k], rise, 1e-4);
    }
    for (int64_t n = 0; n < kMany; ++n) bias_sum[n] += scores[n];
  }
  EXPECT_NEAR(sum, expected, 1e-4 * std::abs(expected));
  for (size_t n = 0; n < items.size(); ++n) EXPECT_NEAR(by_item[n], item_sum[n], 2e-3) << n;
  for (int64_t n = 0; n < kMany; ++n) EXPECT_NEAR(by_bias[n], bias_sum[n], 2e-3) << n;
}

TEST(SharedNegativeLosses, HaveTheSameBitsForAnyNumberOfThreads) {
  constexpr int64_t kSize = 600, kColumns = 64, kMany = 130;
  const auto users = random_values(kSize * kColumns, 5), items = random_values(kMany * kColumns, 6);
  const auto positives = random_values(kSize, 7);
  SharedNegatives batch{kSize, kMany, kColumns, users.data(), items.data()};
  batch.positives = positives.data();
  std::vector<std::vector<float>> results;
  std::vector<double> sums;
  for (const int threads : {1, 2, 3}) {
    std::vector<float> out(kSize + users.size() + items.size());
    sums.push_back(shared_negative_losses(form_of(NegativeLoss::kBpr), batch, threads,
                                          {out.data(), out.data() + kSize,
                                           out.data() + kSize + users.size(), nullptr}));
    results.push_back(out);
  }
  EXPECT_EQ(sums[1], sums[0]);
  EXPECT_EQ(sums[2], sums[0]);
  EXPECT_EQ(results[1], results[0]);
  EXPECT_EQ(results[2], results[0]);
}

}  // namespace
}  // namespace latent
