// Products with panels against sums written down.
#include "src/kernels/panels.h"

#include <cmath>

#include "src/base/huge_pages.h"
#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

Table<float> random_table(int64_t size, uint64_t key) {
  RandomStream stream(key);
  Table<float> out(size);
  for (float& v : out) v = static_cast<float>(stream.normal());
  return out;
}

struct Shape {
  int64_t rows, depth, columns;
};

class PanelProducts : public testing::TestWithParam<Shape> {};

TEST_P(PanelProducts, AreTheSumsOverDepthOfEitherOrderOfTheLeftSide) {
  const auto [rows, depth, columns] = GetParam();
  const int64_t wide = whole_panels(columns), stride = wide + 16;
  const Table<float> a = random_table(rows * depth, 1), b = random_table(depth * wide, 2);
  Table<float> panels(depth * wide), transposed(rows * depth);
  pack_panels(b.data(), depth, wide, panels.data());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = 0; k < depth; ++k) transposed[k * rows + r] = a[r * depth + k];
  }
  for (const Strided& left : {Strided{a.data(), depth, 1}, Strided{transposed.data(), 1, rows}}) {
    for (const bool add : {false, true}) {
      Table<float> out(rows * stride, 0.5f);
      multiply_panels(left, rows, depth, panels.data(), wide, out.data(), stride, add);
      for (int64_t r = 0; r < rows; ++r) {
        for (int64_t j = 0; j < columns; ++j) {
          double sum = add ? 0.5 : 0, size = 1;
          for (int64_t k = 0; k < depth; ++k) {
            sum += double{a[r * depth + k]} * b[k * wide + j];
            size += std::abs(double{a[r * depth + k]} * b[k * wide + j]);
          }
          ASSERT_NEAR(out[r * stride + j], sum, 1e-6 * size) << r << ", " << j;
        }
        ASSERT_EQ(out[r * stride + wide], 0.5f) << "written beyond row " << r;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PanelProducts,
                         testing::Values(Shape{1, 1, 1}, Shape{8, 64, 32}, Shape{13, 5, 40},
                                         Shape{64, 700, 96}, Shape{7, 257, 33}));

TEST(PackTransposed, MakesThePanelsOfTheTranspose) {
  constexpr int64_t kRows = 64, kColumns = 5;
  const Table<float> a = random_table(kRows * kColumns, 3);
  Table<float> across(kRows * kColumns), expected(across), transpose(across);
  for (int64_t r = 0; r < kRows; ++r) {
    for (int64_t c = 0; c < kColumns; ++c) transpose[c * kRows + r] = a[r * kColumns + c];
  }
  pack_panels(transpose.data(), kColumns, kRows, expected.data());
  pack_transposed(a.data(), kRows, kColumns, across.data());
  EXPECT_EQ(across, expected);
}

TEST(DotOf, IsTheSumOfProductsForAnyLength) {
  for (const int64_t n : {0, 1, 7, 16, 37, 64}) {
    const Table<float> a = random_table(n, 4), b = random_table(n, 5);
    double sum = 0;
    for (int64_t k = 0; k < n; ++k) sum += double{a[k]} * b[k];
    EXPECT_NEAR(dot_of(a.data(), b.data(), n), sum, 1e-5);
  }
}

}  // namespace
}  // namespace latent
