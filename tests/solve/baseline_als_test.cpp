// Biases by ALS: each is where the objective is lowest, and Surprise's formula written down.
#include "src/solve/baseline_als.h"

#include <cmath>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int kUsers = 40, kItems = 25;

Interactions random_rows(int64_t count) {
  RandomStream stream(4);
  Interactions rows;
  // The last user and item stay without rows.
  for (int64_t n = 0; n < count; ++n)
    rows.push(static_cast<int32_t>(stream.below(kUsers - 1)),
              static_cast<int32_t>(stream.below(kItems - 1)), 1.0f + stream.below(5));
  return rows;
}

TEST(BaselineAls, DoesWhatSurpriseWritesDown) {
  const Interactions rows = random_rows(500);
  const double mean = mean_rating(rows), reg_u = 15, reg_i = 10;
  std::vector<double> bu(kUsers), bi(kItems), u(kUsers), i(kItems);
  const BaselineAls als(rows, kUsers, kItems, {mean, reg_u, reg_i}, 2);
  for (int epoch = 0; epoch < 4; ++epoch) {
    const double mse = als.epoch(bu.data(), bi.data());
    const auto pass = [&](bool items, std::vector<double>& own) {
      std::vector<double> sum(own.size()), count(own.size());
      for (int64_t n = 0; n < rows.size(); ++n) {
        const int at = items ? rows.item[n] : rows.user[n];
        sum[at] += rows.rating[n] - mean - (items ? u[rows.user[n]] : i[rows.item[n]]);
        ++count[at];
      }
      for (size_t k = 0; k < own.size(); ++k)
        own[k] = sum[k] / ((items ? reg_i : reg_u) + count[k]);
    };
    pass(true, i);
    pass(false, u);
    double squares = 0;
    for (int64_t n = 0; n < rows.size(); ++n)
      squares += std::pow(rows.rating[n] - mean - u[rows.user[n]] - i[rows.item[n]], 2);
    EXPECT_NEAR(mse, squares / static_cast<double>(rows.size()), 1e-12);
  }
  for (int k = 0; k < kUsers; ++k) EXPECT_NEAR(bu[k], u[k], 1e-12);
  for (int k = 0; k < kItems; ++k) EXPECT_NEAR(bi[k], i[k], 1e-12);
  EXPECT_EQ(bu[kUsers - 1], 0);
  EXPECT_EQ(bi[kItems - 1], 0);
}

TEST(BaselineAls, HasTheSameBitsForAnyNumberOfThreads) {
  const Interactions rows = random_rows(3000);
  std::vector<double> first;
  for (const int threads : {1, 2, 3}) {
    std::vector<double> all(kUsers + kItems);
    const BaselineAls als(rows, kUsers, kItems, {3, 1, 1}, threads);
    for (int epoch = 0; epoch < 3; ++epoch)
      all.push_back(als.epoch(all.data(), all.data() + kUsers));
    if (first.empty()) first = all;
    EXPECT_EQ(all, first);
  }
}

TEST(BaselineAls, LeavesBiasesOfUsersWithoutPenaltyAtTheirMean) {
  Interactions rows;
  rows.push(0, 0, 5);
  rows.push(1, 0, 1);
  double bu[2] = {}, bi[1] = {};
  const BaselineAls als(rows, 2, 1, {3, 0, 0}, 1);
  EXPECT_EQ(als.epoch(bu, bi), 0);
  EXPECT_EQ(bi[0], 0);
  EXPECT_EQ(bu[0], 2);
  EXPECT_EQ(bu[1], -2);
}

}  // namespace
}  // namespace latent
