#include "src/kernels/adam.h"

#include <cmath>
#include <vector>

#include "src/base/rng.h"
#include "src/kernels/wide_vectors.h"
#include "tests/support.h"

namespace latent {
namespace {

std::vector<float> normals(int64_t n, const char* name, double scale) {
  RandomStream random = Rng(1).stream(name);
  std::vector<float> out(n);
  for (float& v : out) v = static_cast<float>(scale * random.normal());
  return out;
}

TEST(AdamStep, FollowsThePlainFormAndLeavesTheGradientZero) {
  for (const int64_t n : {1, 7, 8, 9, 1000, (1 << 14) + 5, 70001}) {
    auto w = normals(n, "w", 0.1), m = normals(n, "m", 0), v = m;
    auto plain_w = w, plain_m = m, plain_v = v;
    for (int64_t t = 1; t <= 4; ++t) {
      auto g = normals(n, t % 2 == 0 ? "g" : "h", 1e-3), plain_g = g;
      const AdamStep step{0.1, 0.9, 0.999, 1e-8, 0.02, t};
      const double squares =
          adam_step(AdamTable{w.data(), g.data(), m.data(), v.data()}, n, step, 2);
      adam_step_plain({plain_w.data(), plain_g.data(), plain_m.data(), plain_v.data()}, n, step);
      double expected = 0;
      for (int64_t k = 0; k < n; ++k) {
        ASSERT_NEAR(w[k], plain_w[k], 1e-5) << k << " of " << n << ", step " << t;
        ASSERT_EQ(g[k], 0);
        expected += double{w[k]} * w[k];
      }
      EXPECT_NEAR(squares, expected, 1e-12 * expected);
      EXPECT_EQ(squares, sum_of_squares(w.data(), n, 1)) << "the same bits as a pass of its own";
    }
  }
}

TEST(AdamStep, HasTheSameBitsForAnyNumberOfThreads) {
  constexpr int64_t kSize = 200003;
  std::vector<std::vector<float>> results;
  std::vector<double> squares;
  for (const int threads : {1, 2, 5}) {
    auto w = normals(kSize, "w", 0.1), g = normals(kSize, "g", 1), m = normals(kSize, "m", 0.1),
         v = g;
    for (float& x : v) x *= x;
    squares.push_back(adam_step(AdamTable{w.data(), g.data(), m.data(), v.data()}, kSize,
                                {0.1, 0.9, 0.999, 1e-8, 0, 3}, threads));
    results.push_back(w);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  EXPECT_EQ(squares[0], squares[1]);
  EXPECT_EQ(squares[0], squares[2]);
}

TEST(SoftplusOfMinus, AndItsDerivativeAreThoseOfTheLibrary) {
  for (double x = -100; x < 100; x += 0.37) {
    Float8 softplus, falling;
    softplus_of_minus8(Float8{} + static_cast<float>(x), softplus, falling);
    const double v = static_cast<float>(x);
    const double expected = std::log1p(std::exp(-std::abs(v))) + std::max(-v, 0.0);
    const double slope = 1 / (1 + std::exp(v));
    if (v > 79) {  // the exponent is held
      EXPECT_LT(softplus[3], 1e-34);
      EXPECT_LT(falling[3], 1e-34);
      continue;
    }
    EXPECT_NEAR(softplus[3], expected, 5e-7 * expected) << x;
    EXPECT_NEAR(falling[3], slope, 5e-7 * slope) << x;
  }
}

}  // namespace
}  // namespace latent
