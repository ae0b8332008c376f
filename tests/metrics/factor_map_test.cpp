#include "src/metrics/factor_map.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "src/base/rng.h"

namespace latent {
namespace {

struct Factors {
  Factors(int32_t items, int32_t factors, uint64_t seed) : items(items), factors(factors) {
    RandomStream stream = Rng(seed).stream("factors");
    for (int64_t n = 0; n < int64_t{items} * factors; ++n) {
      // Columns of different weight, so that the axes are far apart.
      const double weight = 1 + 3.0 / static_cast<double>(n % factors + 1);
      gamma.push_back(static_cast<float>(weight * (stream.below(2001) / 1000.0 - 1)));
    }
    for (int32_t i = 0; i < items; ++i) beta.push_back(static_cast<float>(i % 5) - 2);
  }
  FactorView view() const {
    FactorView out{1, items, factors};
    out.gamma_item = gamma.data();
    out.beta_item = beta.data();
    return out;
  }
  double gram(int32_t a, int32_t b) const {
    double sum = 0;
    for (int32_t i = 0; i < items; ++i)
      sum += double{gamma[i * factors + a]} * gamma[i * factors + b];
    return sum;
  }

  int32_t items, factors;
  std::vector<float> gamma, beta;
};

TEST(FactorMap, HasAxesThatTheGramMatrixStretches) {
  const Factors world(700, 7, 1);
  const ItemFactors factors(world.view(), /*with_bias=*/false);
  const PrincipalAxes axes = principal_axes(factors, 2);
  double trace = 0;
  for (int32_t k = 0; k < 7; ++k) trace += world.gram(k, k);
  for (const int n : {0, 1}) {
    const auto& v = axes.axis[n];
    double length = 0;
    for (const double value : v) length += value * value;
    EXPECT_NEAR(length, 1, 1e-9);
    for (int32_t row = 0; row < 7; ++row) {
      double product = 0;
      for (int32_t k = 0; k < 7; ++k) product += world.gram(row, k) * v[k];
      EXPECT_NEAR(product, axes.share[n] * trace * v[row], 1e-4 * trace);
    }
    EXPECT_GT(*std::ranges::max_element(v), 0);
  }
  EXPECT_GT(axes.share[0], axes.share[1]);
  double between = 0;
  for (size_t k = 0; k < axes.axis[0].size(); ++k) between += axes.axis[0][k] * axes.axis[1][k];
  EXPECT_NEAR(between, 0, 1e-9);
}

TEST(FactorMap, StretchesNoDirectionMoreThanTheFirstAxis) {
  const Factors world(300, 5, 2);
  const PrincipalAxes axes = principal_axes(ItemFactors(world.view(), false), 1);
  double trace = 0, best = 0;
  for (int32_t k = 0; k < 5; ++k) trace += world.gram(k, k);
  RandomStream stream = Rng(7).stream("directions");
  for (int n = 0; n < 2000; ++n) {
    std::vector<double> v(5);
    double length = 0, stretched = 0;
    for (double& value : v) {
      value = stream.below(2001) / 1000.0 - 1;
      length += value * value;
    }
    for (int32_t a = 0; a < 5; ++a) {
      for (int32_t b = 0; b < 5; ++b) stretched += v[a] * world.gram(a, b) * v[b];
    }
    best = std::max(best, stretched / length);
  }
  EXPECT_LE(best, axes.share[0] * trace * (1 + 1e-6));
}

TEST(FactorMap, OfASingleFactorHasAnEmptySecondAxis) {
  const Factors world(40, 1, 3);
  const PrincipalAxes axes = principal_axes(ItemFactors(world.view(), false), 1);
  EXPECT_NEAR(axes.share[0], 1, 1e-6);
  EXPECT_NEAR(axes.share[1], 0, 1e-6);
}

TEST(FactorMap, FindsTheNeighboursOfTheGreatestCosine) {
  const Factors world(200, 6, 4);
  std::vector<int32_t> known(200, 1);
  known[17] = known[44] = 0;
  for (const bool with_bias : {false, true}) {
    const auto near = cosine_neighbours(ItemFactors(world.view(), with_bias),
                                        std::vector<int32_t>{0, 5, 199}, 4, known);
    ASSERT_EQ(near.size(), 3u);
    for (size_t n = 0; n < 3; ++n) {
      const int32_t item = std::vector<int32_t>{0, 5, 199}[n];
      std::vector<std::pair<double, int32_t>> expected;
      const auto at = [&](int32_t i, int32_t k) {
        return k < 6 ? double{world.gamma[i * 6 + k]} : with_bias ? double{world.beta[i]} : 0.0;
      };
      for (int32_t other = 0; other < 200; ++other) {
        if (other == item || known[other] == 0) continue;
        double dot = 0, one = 0, two = 0;
        for (int32_t k = 0; k < 7; ++k) {
          dot += at(item, k) * at(other, k);
          one += at(item, k) * at(item, k);
          two += at(other, k) * at(other, k);
        }
        expected.emplace_back(-dot / std::sqrt(one * two), other);
      }
      std::ranges::sort(expected);
      ASSERT_EQ(near[n].size(), 4u);
      for (size_t place = 0; place < 4; ++place) {
        EXPECT_EQ(near[n][place].index, expected[place].second);
        EXPECT_NEAR(near[n][place].score, -expected[place].first, 1e-5);
      }
    }
  }
}

TEST(FactorMap, KnowsNoNeighboursOfAnItemWithoutLength) {
  Factors world(10, 2, 5);
  world.gamma[0] = world.gamma[1] = 0;
  const std::vector<int32_t> known(10, 1);
  const auto near =
      cosine_neighbours(ItemFactors(world.view(), false), std::vector<int32_t>{0, 1}, 20, known);
  EXPECT_TRUE(near[0].empty());
  EXPECT_EQ(near[1].size(), 8u) << "all but itself and the one without length";
}

}  // namespace
}  // namespace latent
