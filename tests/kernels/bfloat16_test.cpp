// Stochastic rounding: one of the two neighbours, without bias, by streams that depend on seed,
// step and entry alone; and the optimizers' passes over tables of BFloat16s against those over
// floats.
#include "src/kernels/bfloat16.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "src/kernels/adam.h"
#include "tests/support.h"

namespace latent {
namespace {

/// The neighbours of `x` among the BFloat16s: towards zero, and away from it; the same of one that
/// is a BFloat16 already.
struct Neighbours {
  explicit Neighbours(float x) {
    const auto bits = std::bit_cast<uint32_t>(x);
    near = BFloat16{static_cast<uint16_t>(bits >> 16)};
    far = BFloat16{static_cast<uint16_t>((bits + 0xFFFFu) >> 16)};
    share = static_cast<double>(bits & 0xFFFFu) / 65536;
  }
  BFloat16 near, far;
  double share;  ///< of the way from near to far
};

std::vector<float> some_numbers(int64_t n) {
  RandomStream random = Rng(7).stream("numbers");
  std::vector<float> out(n);
  for (float& x : out) x = static_cast<float>(random.normal() * std::exp(6 * random.normal()));
  return out;
}

TEST(StochasticRounding, GivesOneOfTheTwoNeighbours) {
  for (const float x : some_numbers(2000)) {
    const Neighbours of(x);
    for (uint64_t key = 0; key < 20; ++key) {
      const BFloat16 got = rounded_at(x, key, 5);
      EXPECT_TRUE(got.bits == of.near.bits || got.bits == of.far.bits) << x;
    }
  }
}

TEST(StochasticRounding, KeepsEveryNumberThatIsABFloat16AndAllThatIsNotFinite) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const float x = BFloat16{static_cast<uint16_t>(bits)};
    for (uint64_t key = 0; key < 3; ++key) EXPECT_EQ(rounded_at(x, key, bits).bits, bits);
  }
  const float other_nan = std::bit_cast<float>(0x7FFFFFFFu);
  EXPECT_FALSE(std::isfinite(float{rounded_at(other_nan, 1, 1)}));
}

/// Chi-square over many numbers, each against its own share: as many degrees of freedom as numbers.
TEST(StochasticRounding, IsWithoutBiasForEveryNumber) {
  constexpr int64_t kNumbers = 400, kSeeds = 4000;
  const std::vector<float> numbers = some_numbers(kNumbers);
  double chi_square = 0, degrees = 0, shift = 0;
  for (int64_t n = 0; n < kNumbers; ++n) {
    const Neighbours of(numbers[n]);
    const double variance = of.share * (1 - of.share);
    if (variance * kSeeds < 10) continue;  // too rare for the approximation
    int64_t ups = 0;
    for (int64_t seed = 0; seed < kSeeds; ++seed) {
      const uint64_t key = Rng(seed).stream("rounding.gamma_user", 3).next();
      ups += rounded_at(numbers[n], key, n).bits == of.far.bits ? 1 : 0;
    }
    const double z = (static_cast<double>(ups) - kSeeds * of.share) / std::sqrt(kSeeds * variance);
    chi_square += z * z;
    shift += z;
    degrees += 1;
  }
  EXPECT_GT(degrees, 350);
  EXPECT_NEAR(chi_square, degrees, 5 * std::sqrt(2 * degrees));
  EXPECT_NEAR(shift, 0, 5 * std::sqrt(degrees));
}

TEST(StochasticRounding, DrawsAnewForEachEntryAndEachStep) {
  constexpr int64_t kEntries = 40000;
  const float half = 1.00390625f;  // half way between 1 and its neighbour
  const auto ups = [&](uint64_t step) {
    const uint64_t key = Rng(1).stream("rounding.gamma_user", step).next();
    std::vector<int> out(kEntries);
    for (int64_t e = 0; e < kEntries; ++e) out[e] = float{rounded_at(half, key, e)} > 1 ? 1 : -1;
    return out;
  };
  const auto agreement = [&](const std::vector<int>& a, const std::vector<int>& b, int64_t lag) {
    int64_t sum = 0;
    for (int64_t e = 0; e + lag < kEntries; ++e) sum += a[e] * b[e + lag];
    return std::abs(static_cast<double>(sum)) / std::sqrt(kEntries);
  };
  const std::vector<int> one = ups(1), two = ups(2);
  for (const int64_t lag : {1, 2, 3, 4, 5, 8, 64}) EXPECT_LT(agreement(one, one, lag), 5) << lag;
  for (const int64_t lag : {0, 1, 4}) EXPECT_LT(agreement(one, two, lag), 5) << lag;
  EXPECT_EQ(one, ups(1));
}

TEST(StochasticRounding, OfEightIsThatOfEach) {
  const std::vector<float> numbers = some_numbers(8);
  for (const int64_t entry : {0, 1, 2, 3, 4, 7, 1001}) {
    const Rounding rounding{99, 13};
    BFloat16 got[8];
    store8(got, kept8<BFloat16>(load8(numbers.data()), rounding, entry));
    for (int64_t n = 0; n < 8; ++n) {
      EXPECT_EQ(got[n].bits, rounded_at(numbers[n], 99, 13 + entry + n).bits) << entry << ", " << n;
      EXPECT_EQ(load8(got)[n], float{got[n]});
    }
  }
}

/// A table of BFloat16s, its gradient and moments.
struct Trained {
  explicit Trained(int64_t n) : w(n), g(n), m(n), v(n) {
    RandomStream random = Rng(3).stream("table");
    for (int64_t k = 0; k < n; ++k) {
      w[k] = rounded_at(static_cast<float>(0.1 * random.normal()), 1, k);
      m[k] = static_cast<float>(1e-2 * random.normal());
      v[k] = static_cast<float>(1e-4 * random.uniform());
      g[k] = static_cast<float>(1e-2 * random.normal());
    }
  }
  AdamTableOf<BFloat16> table(int64_t from = 0) {
    return {w.data() + from, g.data() + from, m.data() + from, v.data() + from};
  }
  std::vector<uint16_t> bits() const {
    std::vector<uint16_t> out;
    for (const BFloat16 x : w) out.push_back(x.bits);
    return out;
  }
  std::vector<BFloat16> w;
  std::vector<float> g, m, v;
};

constexpr AdamStep kStep{0.01, 0.9, 0.999, 1e-8, 0.02, 3};

TEST(AdamOnBFloat16s, IsThatOnFloatsRounded) {
  for (const int64_t n : {1, 7, 8, 9, 1003, (1 << 14) + 5}) {
    Trained halves(n), twin(n);
    std::vector<float> w(twin.w.begin(), twin.w.end());
    const double squares = adam_step(halves.table(), n, kStep, 2, Rounding{11, 0});
    adam_step(AdamTable{w.data(), twin.g.data(), twin.m.data(), twin.v.data()}, n, kStep, 1);
    for (int64_t k = 0; k < n; ++k)
      ASSERT_EQ(halves.w[k].bits, rounded_at(w[k], 11, k).bits) << k << " of " << n;
    EXPECT_EQ(halves.m, twin.m);
    EXPECT_EQ(halves.v, twin.v);
    EXPECT_EQ(halves.g, std::vector<float>(n));
    EXPECT_EQ(squares, sum_of_squares(halves.w.data(), n, 1));
  }
}

TEST(AdamOnBFloat16s, HasTheSameBitsForAnyNumberOfThreadsAndOfPieces) {
  constexpr int64_t kSize = 100003, kCut = 40002;
  std::vector<std::vector<uint16_t>> results;
  for (const int threads : {1, 2, 3, 5}) {
    Trained t(kSize);
    adam_step(t.table(), kSize, kStep, threads, Rounding{11, 0});
    results.push_back(t.bits());
  }
  Trained cut(kSize);
  adam_step(cut.table(kCut), kSize - kCut, kStep, 2, Rounding{11, kCut});
  adam_step(cut.table(), kCut, kStep, 2, Rounding{11, 0});
  results.push_back(cut.bits());
  for (const auto& result : results) EXPECT_EQ(result, results[0]);
}

TEST(AdamOnBFloat16s, OfSomeRowsIsTheDenseOneOfThoseRows) {
  constexpr int64_t kRows = 60;
  for (const int64_t k : {1, 5, 8, 19, 64}) {
    Trained dense(kRows * k), lazy(kRows * k);
    const std::vector<uint16_t> before = lazy.bits();
    const std::vector<int32_t> rows = {3, 3, 7, 8, 59};
    std::vector<int32_t> stamp(kRows);
    adam_step(dense.table(), kRows * k, kStep, 1, Rounding{11, 0});
    adam_step_rows(lazy.table(), k, rows.data(), std::ssize(rows), stamp.data(), kStep,
                   Rounding{11, 0});
    const std::vector<uint16_t> moved = dense.bits(), got = lazy.bits();
    for (int64_t e = 0; e < kRows * k; ++e) {
      const bool touched = std::ranges::count(rows, static_cast<int32_t>(e / k)) > 0;
      ASSERT_EQ(got[e], touched ? moved[e] : before[e]) << "entry " << e << ", K = " << k;
    }
  }
}

TEST(PlainStepsOnBFloat16s, AreThoseOnFloatsRounded) {
  constexpr int64_t kSize = 40001;
  for (const bool adagrad : {false, true}) {
    std::vector<std::vector<uint16_t>> results;
    for (const int threads : {1, 3, 5}) {
      Trained halves(kSize), twin(kSize);
      std::vector<float> w(twin.w.begin(), twin.w.end());
      const PlainStep step{0.3, 0.02, 1e-10};
      plain_step(PlainTable<BFloat16>{halves.w.data(), halves.g.data(),
                                      adagrad ? halves.v.data() : nullptr},
                 kSize, step, threads, Rounding{5, 0});
      plain_step(PlainTable<float>{w.data(), twin.g.data(), adagrad ? twin.v.data() : nullptr},
                 kSize, step, threads);
      for (int64_t e = 0; e < kSize; ++e)
        ASSERT_EQ(halves.w[e].bits, rounded_at(w[e], 5, e).bits) << e;
      results.push_back(halves.bits());
    }
    EXPECT_EQ(results[0], results[1]);
    EXPECT_EQ(results[0], results[2]);
  }
}

/// What rounding to the nearest cannot do: a step far below a number's last bit, taken many times,
/// comes to what it should on the mean.
TEST(PlainStepsOnBFloat16s, ArriveWhereStepsBelowTheLastBitLead) {
  constexpr int64_t kSize = 4096;
  std::vector<BFloat16> w(kSize, rounded_at(1, 0, 0));
  std::vector<float> gradient(kSize);
  for (uint64_t t = 1; t <= 100; ++t) {
    std::ranges::fill(gradient, -1.0f);
    const Rounding rounding{Rng(2).stream("rounding.w", t).next(), 0};
    plain_step(PlainTable<BFloat16>{w.data(), gradient.data(), nullptr}, kSize, {1e-4, 0, 0}, 1,
               rounding);
  }
  double sum = 0;
  for (const BFloat16 x : w) sum += x;
  // Five standard deviations of the mean, of some 1.28 ups of .0078 in 100 steps.
  EXPECT_NEAR(sum / kSize, 1.01, 7e-4);
}

}  // namespace
}  // namespace latent
