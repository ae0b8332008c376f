// Losses of one user's scores, what minimises them, and the small systems of least squares.
#include "src/serve/fold_losses.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "src/serve/ridge.h"

namespace latent {
namespace {

constexpr const char* kNames[] = {"bpr", "hinge", "mse", "bce", "ccl", "softmax", "sl_at_k", "bsl"};

FoldInSpec spec_of(const std::string& loss) {
  FoldInSpec out;
  out.objective = FoldInSpec::kLoss;
  out.loss = loss;
  out.tau = 0.3, out.tau2 = 1.2, out.margin = 0.4, out.negative_weight = 3;
  return out;
}

UserScores some_scores() {
  UserScores out;
  std::mt19937 random(4);
  std::normal_distribution<double> normal;
  for (int n = 0; n < 5; ++n) out.own.push_back(normal(random));
  double sum = 0;
  for (int n = 0; n < 9; ++n) {
    out.others.push_back(normal(random));
    out.weight.push_back(1.0 + n % 3);
    sum += out.weight.back();
  }
  for (double& weight : out.weight) weight /= sum;
  return out;
}

TEST(UserLoss, HasTheSlopesOfItsFiniteDifferences) {
  for (const char* name : kNames) {
    const FoldInSpec spec = spec_of(name);
    UserScores at = some_scores();
    (void)user_loss(spec, at);
    const UserScores slopes = at;
    constexpr double kStep = 1e-6;
    const auto compare = [&](std::vector<double>& scores, const std::vector<double>& slope) {
      for (size_t n = 0; n < scores.size(); ++n) {
        scores[n] += kStep;
        const double above = user_loss(spec, at);
        scores[n] -= 2 * kStep;
        const double below = user_loss(spec, at);
        scores[n] += kStep;
        EXPECT_NEAR((above - below) / (2 * kStep), slope[n], 1e-6) << name << " " << n;
      }
    };
    compare(at.own, slopes.own_slope);
    compare(at.others, slopes.other_slope);
  }
}

TEST(UserLoss, CountsAnItemOfTwiceTheWeightTwice) {
  for (const char* name : kNames) {
    UserScores heavy = some_scores(), twice = heavy;
    heavy.weight[2] *= 2;
    twice.others.push_back(twice.others[2]);
    twice.weight.push_back(twice.weight[2]);
    EXPECT_NEAR(user_loss(spec_of(name), heavy), user_loss(spec_of(name), twice), 1e-12) << name;
  }
}

TEST(UserLoss, KnowsItsNames) {
  for (const char* name : kNames) EXPECT_TRUE(has_user_loss(name));
  EXPECT_FALSE(has_user_loss("warp"));
  EXPECT_FALSE(has_user_loss(""));
}

TEST(Minimise, FindsTheMinimumOfACurvedValley) {
  std::vector<double> x = {-1.2, 1};
  minimise(
      [](std::span<const double> at, std::span<double> gradient) {
        const double a = 1 - at[0], b = at[1] - at[0] * at[0];
        gradient[0] = -2 * a - 400 * at[0] * b;
        gradient[1] = 200 * b;
        return a * a + 100 * b * b;
      },
      x);
  EXPECT_NEAR(x[0], 1, 1e-6);
  EXPECT_NEAR(x[1], 1, 1e-6);
}

TEST(Minimise, EndsWhereNothingIsLower) {
  std::vector<double> x = {3};
  minimise(
      [](std::span<const double> at, std::span<double> gradient) {
        gradient[0] = at[0] > 0 ? 1 : -1;
        return std::abs(at[0]);
      },
      x);
  EXPECT_NEAR(x[0], 0, 1e-3);
}

TEST(Ridge, SolvesTheSystemThatItWasGiven) {
  constexpr int kSize = 7, kRows = 12;
  std::mt19937 random(2);
  std::normal_distribution<double> normal;
  Ridge ridge(kSize);
  std::vector<std::vector<double>> rows(kRows, std::vector<double>(kSize));
  std::vector<double> weights;
  for (auto& row : rows) {
    for (double& value : row) value = normal(random);
    weights.push_back(0.5 + std::abs(normal(random)));
    ridge.add(row.data(), weights.back());
  }
  for (int i = 0; i < kSize; ++i) ridge.at(i, i) += 0.3;
  ridge.factorise();
  std::vector<double> b(kSize), x;
  for (double& value : b) value = normal(random);
  x = b;
  ridge.solve(x.data());
  for (int i = 0; i < kSize; ++i) {
    double sum = 0.3 * x[i];
    for (int n = 0; n < kRows; ++n) {
      double product = 0;
      for (int j = 0; j < kSize; ++j) product += rows[n][j] * x[j];
      sum += weights[n] * rows[n][i] * product;
    }
    EXPECT_NEAR(sum, b[i], 1e-9);
  }
}

TEST(Ridge, ThatIsClosedHasASolutionWhereRowsAreTooFew) {
  Ridge ridge(3);
  const double row[] = {1, 2, 2};
  ridge.add(row, 1);
  ridge.close();
  ridge.factorise();
  double x[] = {9, 18, 18};
  ridge.solve(x);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(x[i], row[i], 1e-3);
}

}  // namespace
}  // namespace latent
