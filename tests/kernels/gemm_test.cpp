// Register-blocked products against sums written down.
#include "src/kernels/gemm.h"

#include <cmath>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

Table<float> random_table(int64_t rows, int columns, int stride) {
  RandomStream stream(rows * 1000 + columns);
  Table<float> out(rows * stride);
  for (int64_t r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) out[r * stride + c] = static_cast<float>(stream.normal());
  }
  return out;
}

class Products : public testing::TestWithParam<std::pair<int64_t, int>> {};

TEST_P(Products, GramIsTheSumOfAllRowsProducts) {
  const auto [rows, columns] = GetParam();
  const int stride = padded_columns(columns);
  const Table<float> a = random_table(rows, columns, stride);
  const std::vector<double> g = gram(a.data(), rows, stride, 2);
  for (int i = 0; i < stride; ++i) {
    for (int j = 0; j < stride; ++j) {
      double sum = 0, size = 1;
      for (int64_t r = 0; r < rows; ++r) {
        sum += double{a[r * stride + i]} * a[r * stride + j];
        size += std::abs(double{a[r * stride + i]} * a[r * stride + j]);
      }
      ASSERT_NEAR(g[i * stride + j], sum, 1e-6 * size) << i << ", " << j;
    }
  }
}

TEST_P(Products, MultiplyRowsTurnsEveryRow) {
  const auto [rows, columns] = GetParam();
  const int stride = padded_columns(columns);
  const Table<float> before = random_table(rows, columns, stride);
  const Table<float> q = random_table(stride, stride, stride);
  Table<float> a = before;
  multiply_rows(a.data(), rows, stride, q.data(), 2);
  for (int64_t r = 0; r < rows; ++r) {
    for (int j = 0; j < stride; ++j) {
      double sum = 0, size = 1;
      for (int k = 0; k < stride; ++k) {
        sum += double{before[r * stride + k]} * q[k * stride + j];
        size += std::abs(double{before[r * stride + k]} * q[k * stride + j]);
      }
      ASSERT_NEAR(a[r * stride + j], sum, 1e-6 * size) << r << ", " << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Products,
                         testing::Values(std::pair<int64_t, int>{1, 1},
                                         std::pair<int64_t, int>{5, 16},
                                         std::pair<int64_t, int>{33, 17},
                                         std::pair<int64_t, int>{600, 64},
                                         std::pair<int64_t, int>{6, 100}));

TEST(Gram, HasTheSameBitsForAnyNumberOfThreads) {
  const Table<float> a = random_table(10000, 20, 32);
  const std::vector<double> one = gram(a.data(), 10000, 32, 1);
  for (const int threads : {2, 3, 5}) EXPECT_EQ(gram(a.data(), 10000, 32, threads), one);
}

}  // namespace
}  // namespace latent
