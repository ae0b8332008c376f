// Draws against the moments of their distributions.
#include "src/solve/normal_wishart.h"

#include <gtest/gtest.h>

#include <cmath>

namespace latent {
namespace {

constexpr int kDraws = 100'000;

TEST(GammaDraws, HaveTheMeanAndTheVarianceOfTheirShape) {
  for (const double shape : {0.3, 1.0, 2.5, 60.0}) {
    RandomStream stream = Rng(1).stream("gamma", static_cast<uint64_t>(10 * shape));
    double sum = 0, squares = 0;
    for (int n = 0; n < kDraws; ++n) {
      const double x = draw_gamma(shape, stream);
      ASSERT_GT(x, 0);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / kDraws, variance = squares / kDraws - mean * mean;
    EXPECT_NEAR(mean, shape, 5 * std::sqrt(shape / kDraws)) << shape;
    EXPECT_NEAR(variance / shape, 1, 0.06) << shape;
  }
}

TEST(CholeskyLower, GivesTheMatrixBack) {
  const std::vector<double> a = {4, 0, 0, 2, 5, 0, -1, 0.5, 3};
  std::vector<double> l = a;
  cholesky_lower(l.data(), 3);
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = 0;
      for (int k = 0; k <= j; ++k) sum += l[i * 3 + k] * l[j * 3 + k];
      EXPECT_NEAR(sum, a[i * 3 + j], 1e-12);
    }
  }
}

TEST(NormalDraws, HaveTheMeanAndTheCovarianceOfTheirPrecision) {
  // A = [2 1; 1 3], so A^-1 = [3 -1; -1 2] / 5.
  RandomStream stream = Rng(2).stream("normal");
  double mean[2] = {}, cross[3] = {};
  for (int n = 0; n < kDraws; ++n) {
    double a[4] = {2, 0, 1, 3}, x[2] = {1, -2};
    draw_normal(a, x, 2, stream);
    mean[0] += x[0] / kDraws;
    mean[1] += x[1] / kDraws;
    cross[0] += x[0] * x[0] / kDraws;
    cross[1] += x[0] * x[1] / kDraws;
    cross[2] += x[1] * x[1] / kDraws;
  }
  EXPECT_NEAR(mean[0], 1, 0.01);
  EXPECT_NEAR(mean[1], -1, 0.01);
  EXPECT_NEAR(cross[0] - mean[0] * mean[0], 0.6, 0.01);
  EXPECT_NEAR(cross[1] - mean[0] * mean[1], -0.2, 0.01);
  EXPECT_NEAR(cross[2] - mean[1] * mean[1], 0.4, 0.01);
}

TEST(GroupDraws, HaveThePosteriorMeansOfANormalWishart) {
  // A bias, and two factors.
  const std::vector<std::vector<double>> all = {
      {2, 1, 2}, {1, 3, -1}, {-1, 0.5, 0.5}, {0, 2, 0}, {3, -1, 1}};
  std::vector<std::vector<double>> members;
  for (const auto& x : all) members.push_back({x[1], x[2]});
  GroupSums sums(3);
  for (const auto& x : all) sums.add(x.data());
  // I + sum x x^T - 6 m m^T with m = sum / 6, and 2 + 5 degrees of freedom.
  double m[2] = {}, s[3] = {1, 0, 1};
  for (const auto& x : members) {
    for (int i = 0; i < 2; ++i) m[i] += x[i] / 6;
    s[0] += x[0] * x[0];
    s[1] += x[0] * x[1];
    s[2] += x[1] * x[1];
  }
  s[0] -= 6 * m[0] * m[0];
  s[1] -= 6 * m[0] * m[1];
  s[2] -= 6 * m[1] * m[1];
  const double det = s[0] * s[2] - s[1] * s[1];
  const double expected[4] = {7 * s[2] / det, -7 * s[1] / det, -7 * s[1] / det, 7 * s[0] / det};

  RandomStream stream = Rng(3).stream("group");
  double mean[2] = {}, precision[4] = {}, bias = 0, bias_precision = 0;
  for (int n = 0; n < kDraws; ++n) {
    const NormalGroup group = draw_group(sums, stream);
    for (int i = 0; i < 2; ++i) mean[i] += group.mean[i + 1] / kDraws;
    for (int i = 0; i < 4; ++i)
      precision[i] += group.precision[(i / 2 + 1) * 3 + i % 2 + 1] / kDraws;
    bias += group.mean[0] / kDraws;
    bias_precision += group.precision[0] / kDraws;
    for (const int i : {1, 2, 3, 6}) ASSERT_EQ(group.precision[i], 0) << "blocks are independent";
  }
  EXPECT_NEAR(bias, 5.0 / 6, 0.01);
  EXPECT_NEAR(bias_precision, 6 / (1 + 15 - 25.0 / 6), 0.01);
  for (int i = 0; i < 2; ++i) EXPECT_NEAR(mean[i], m[i], 0.01);
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(precision[i], expected[i], 0.01 * (std::abs(expected[0]) + expected[3])) << i;
}

TEST(GroupSums, AddUpWhateverTheOrder) {
  const double a[2] = {1, 2}, b[2] = {-3, 0.5};
  GroupSums whole(2), first(2), second(2);
  whole.add(a);
  whole.add(b);
  first.add(a);
  second.add(b);
  first.add(second);
  EXPECT_EQ(first.count, 2);
  EXPECT_EQ(first.sum, whole.sum);
  EXPECT_EQ(first.squares, whole.squares);
}

}  // namespace
}  // namespace latent
