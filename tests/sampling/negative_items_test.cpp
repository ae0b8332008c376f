// Which negatives are drawn, how often, and which are left out.
#include "src/sampling/negative_items.h"

#include <algorithm>
#include <cmath>

#include "src/sampling/batch_source.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 30, kItems = 12;

/// Item i has about i^2 rows; item 0 has none.
Interactions skewed_rows() {
  RandomStream random = Rng(2).stream("rows");
  Interactions rows;
  for (int32_t i = 1; i < kItems; ++i) {
    for (int32_t n = 0; n < i * i; ++n)
      rows.push(static_cast<int32_t>(random.below(kUsers)), i, 1);
  }
  return rows;
}

/// Pearson's statistic of `counts` against probabilities that sum to 1.
double chi_square(const std::vector<int64_t>& counts, const std::vector<double>& probability) {
  double draws = 0, sum = 0;
  for (const int64_t n : counts) draws += static_cast<double>(n);
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = probability[i] * draws;
    if (expected > 0) sum += std::pow(static_cast<double>(counts[i]) - expected, 2) / expected;
  }
  return sum;
}

constexpr double kChiSquare11 = 31.3;  // of eleven degrees of freedom, passed once in a thousand

std::vector<double> powers(double power) {
  std::vector<double> out(kItems);
  double sum = 0;
  for (int32_t i = 1; i < kItems; ++i) sum += out[i] = std::pow(i * i, power);
  for (double& q : out) q /= sum;
  return out;
}

TEST(NegativeItems, AreDrawnByTheAskedPowerOfTheirRows) {
  const Interactions rows = skewed_rows();
  for (const double power : {0.5, 0.75, 1.0}) {
    const NegativeItems items(rows, kItems, NegativeSampling::kPopularity, power);
    RandomStream stream = Rng(5).stream("draws");
    std::vector<int64_t> counts(kItems);
    for (int n = 0; n < 200000; ++n) ++counts[items.draw(stream)];
    EXPECT_EQ(counts[0], 0);
    EXPECT_LT(chi_square(counts, powers(power)), kChiSquare11) << power;
    // Another distribution would be noticed.
    EXPECT_GT(chi_square(counts, powers(power + 0.05)), kChiSquare11) << power;
  }
}

TEST(NegativeItems, AreAllAlikeWhereSamplingIsUniform) {
  const Interactions rows = skewed_rows();
  const NegativeItems items(rows, kItems, NegativeSampling::kUniform, 1);
  EXPECT_FALSE(items.weighted());
  RandomStream stream = Rng(5).stream("draws");
  std::vector<int64_t> counts(kItems);
  for (int n = 0; n < 120000; ++n) ++counts[items.draw(stream)];
  EXPECT_LT(chi_square(counts, std::vector<double>(kItems, 1.0 / kItems)), kChiSquare11);
}

TEST(NegativeItems, WeighSoThatAMeanOverThemIsTheMeanOverAllItemsWithRows) {
  const Interactions rows = skewed_rows();
  for (const auto sampling : {NegativeSampling::kPopularity, NegativeSampling::kInBatch}) {
    const NegativeItems items(rows, kItems, sampling, 1);
    double sum = 0;
    for (int32_t i = 1; i < kItems; ++i)
      sum += powers(1)[i] * std::exp(items.log_weight(i)) * std::sqrt(i);
    double expected = 0;
    for (int32_t i = 1; i < kItems; ++i) expected += std::sqrt(i) / kItems;
    EXPECT_NEAR(sum, expected, 1e-6);
  }
}

struct Drawn {
  Interactions rows = skewed_rows();
  UserItems known = user_items(rows, kUsers);
  SampleBatch batch(SamplerOptions options, int64_t step = 0) const {
    options.seed = 8;
    Sampler sampler(rows, options, &known, kItems);
    return BatchSource(sampler, /*sorted=*/true, /*ahead=*/false).get(step);
  }
};

TEST(ManyNegativesOfASample, AreUnknownToItsUserAndStayWithIt) {
  const Drawn data;
  for (const auto sampling : {NegativeSampling::kUniform, NegativeSampling::kPopularity}) {
    const SampleBatch b =
        data.batch({.batch_size = 500, .negatives = 6, .sampling = sampling});
    ASSERT_EQ(b.negatives.size(), 3000u);
    for (size_t n = 0; n < b.negatives.size(); ++n)
      EXPECT_FALSE(data.known.has(b.users[n / 6], b.negatives[n])) << n;
    EXPECT_EQ(b.log_weights.size(), sampling == NegativeSampling::kUniform ? 0u : 3000u);
  }
}

TEST(SharedNegatives, AreLeftOutForTheUsersThatKnowThemAndForTheirOwnPositives) {
  const Drawn data;
  for (const auto sampling :
       {NegativeSampling::kUniform, NegativeSampling::kPopularity, NegativeSampling::kInBatch}) {
    const SampleBatch b = data.batch(
        {.batch_size = 70, .negatives = 40, .shared = true, .sampling = sampling});
    const size_t n = sampling == NegativeSampling::kInBatch ? 70 : 40;
    ASSERT_EQ(b.negatives.size(), n);
    std::vector<int64_t> expected;
    for (size_t s = 0; s < 70; ++s) {
      for (size_t j = 0; j < n; ++j) {
        if (data.known.has(b.users[s], b.negatives[j]) || b.items[s] == b.negatives[j])
          expected.push_back(static_cast<int64_t>(s * n + j));
      }
    }
    EXPECT_EQ(b.excluded, expected);
    EXPECT_FALSE(expected.empty());
  }
}

TEST(InBatchNegatives, AreTheBatchsOwnPositives) {
  const Drawn data;
  SampleBatch b = data.batch(
      {.batch_size = 70, .shared = true, .sampling = NegativeSampling::kInBatch});
  std::ranges::sort(b.items);
  std::ranges::sort(b.negatives);
  EXPECT_EQ(b.items, b.negatives);
}

TEST(PopularNegatives, AreFoundEvenForAUserWhoKnowsAllItemsWithRows) {
  Interactions rows;
  for (int32_t i = 0; i < 5; ++i) rows.push(0, i, 1);
  const UserItems known = user_items(rows, 1);
  const SamplerOptions options{
      .batch_size = 20, .negatives = 2, .sampling = NegativeSampling::kPopularity};
  Sampler sampler(rows, options, &known, 6);
  SampleBatch b;
  sampler.draw(0, b);
  EXPECT_EQ(b.negatives, std::vector<int32_t>(40, 5));
}

TEST(UserDropout, SetsTheAskedShareToZeroAndScalesTheRestUp) {
  const Drawn data;
  const SamplerOptions options{.batch_size = 2000, .dropout = 0.3, .factors = 33};
  const SampleBatch b = data.batch(options);
  ASSERT_EQ(b.user_scale.size(), 66000u);
  int64_t zero = 0;
  for (const float s : b.user_scale) {
    if (s == 0) {
      ++zero;
    } else {
      ASSERT_FLOAT_EQ(s, 1 / 0.7f);
    }
  }
  EXPECT_NEAR(static_cast<double>(zero) / 66000, 0.3, 0.01);
  EXPECT_EQ(data.batch(options).user_scale, b.user_scale);
  EXPECT_NE(data.batch(options, 1).user_scale, b.user_scale);
}

}  // namespace
}  // namespace latent
