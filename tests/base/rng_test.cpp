#include "src/base/rng.h"

#include <cmath>
#include <numeric>
#include <set>

#include "tests/support.h"

namespace latent {
namespace {

TEST(RandomStream, GivesThePublishedSplitMix64Numbers) {
  RandomStream stream(1234567);
  for (const uint64_t expected : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                  4593380528125082431u, 16408922859458223821u}) {
    EXPECT_EQ(stream.next(), expected);
  }
}

// From a Python twin. Splits, samples and checkpoints of earlier versions hang on these.
TEST(Rng, NamedStreamsKeepTheirNumbers) {
  const auto first_three = [](RandomStream s) {
    return std::vector<uint64_t>{s.next(), s.next(), s.next()};
  };
  EXPECT_EQ(first_three(Rng(0).stream("negatives")),
            (std::vector<uint64_t>{0x7b55bddfd4c6278b, 0x20a507e69f2cb06e, 0xb3ee2597fa5a221e}));
  EXPECT_EQ(first_three(Rng(0).stream("negatives", 7, 3)),
            (std::vector<uint64_t>{0xeeadc56de067eb4b, 0xadfb60cbe7448c64, 0x48c17dc5b518348e}));
  EXPECT_EQ(first_three(Rng(42).stream("split")),
            (std::vector<uint64_t>{0x953312b597d280e4, 0xf1c9071ecec84cc7, 0xfef2b2f7cace93ad}));
}

TEST(Rng, StreamsDifferBySeedNameAndBothCounters) {
  std::set<uint64_t> firsts;
  size_t made = 0;
  for (const uint64_t seed : {0, 1}) {
    for (const char* name : {"", "a", "b", "ab", "ba"}) {
      for (uint64_t a = 0; a < 20; ++a) {
        for (uint64_t b = 0; b < 20; ++b, ++made) {
          firsts.insert(Rng(seed).stream(name, a, b).next());
        }
      }
    }
  }
  EXPECT_EQ(firsts.size(), made);
}

TEST(RandomStream, BelowStaysInRangeAndIsUniform) {
  RandomStream stream = Rng(3).stream("test");
  for (const uint32_t n : {1u, 2u, 3u, 7u, 100u}) {
    const double expected = 100000.0 / n;
    std::vector<int> counts(n);
    for (int draw = 0; draw < 100000; ++draw) {
      const uint32_t v = stream.below(n);
      ASSERT_LT(v, n);
      ++counts[v];
    }
    for (const int count : counts)
      EXPECT_NEAR(count, expected, 5 * std::sqrt(expected)) << "of " << n;
  }
}

// 3/4 of the range: plain multiplication would hit every third number twice as often.
TEST(RandomStream, BelowIsUnbiasedForRangesThatDoNotDivideTheGenerators) {
  RandomStream stream = Rng(4).stream("test");
  constexpr uint32_t kRange = 3u << 30;
  std::vector<int> remainder(3);
  for (int draw = 0; draw < 90000; ++draw) ++remainder[stream.below(kRange) % 3];
  for (const int count : remainder) EXPECT_NEAR(count, 30000, 5 * std::sqrt(30000.0 * 2 / 3));
}

TEST(RandomStream, UniformFillsTheUnitInterval) {
  RandomStream stream = Rng(5).stream("test");
  double sum = 0, low = 1, high = 0;
  for (int n = 0; n < 100000; ++n) {
    const double v = stream.uniform();
    sum += v;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
  EXPECT_GE(low, 0);
  EXPECT_LT(low, 0.001);
  EXPECT_LT(high, 1);
  EXPECT_GT(high, 0.999);
}

TEST(RandomStream, NormalHasTheMomentsOfANormal) {
  RandomStream stream = Rng(6).stream("test");
  constexpr int kDraws = 200000;
  double power[5] = {};
  int beyond_two = 0;
  for (int n = 0; n < kDraws; ++n) {
    const double v = stream.normal();
    ASSERT_TRUE(std::isfinite(v));
    for (int k = 1; k <= 4; ++k) power[k] += std::pow(v, k) / kDraws;
    beyond_two += std::abs(v) > 2;
  }
  EXPECT_NEAR(power[1], 0, 0.012);
  EXPECT_NEAR(power[2], 1, 0.02);
  EXPECT_NEAR(power[3], 0, 0.05);
  EXPECT_NEAR(power[4], 3, 0.15);
  EXPECT_NEAR(beyond_two / double{kDraws}, 0.0455, 0.003);
}

TEST(Shuffle, GivesEveryPermutationEquallyOften) {
  std::vector<int> counts(27);  // a permutation of 3 as a number of base 3
  for (uint64_t run = 0; run < 12000; ++run) {
    std::vector<int> v = {0, 1, 2};
    shuffle(v, Rng(1).stream("shuffle", run));
    ++counts[v[0] * 9 + v[1] * 3 + v[2]];
  }
  for (const int code : {5, 7, 11, 15, 19, 21}) EXPECT_NEAR(counts[code], 2000, 210) << code;
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 12000);
}

}  // namespace
}  // namespace latent
