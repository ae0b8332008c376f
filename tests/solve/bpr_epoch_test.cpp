// The fast BPR kernel against its plain form, and the epoch that does not depend on threads.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/solve/bpr_kernels.h"
#include "tests/solve/bpr_support.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(BprKernel, TakesEightStepsAsThePlainFormDoes) {
  for (const int32_t factors : {1, 5, 7, 8, 15, 20, 31, 39, 63, 64, 70, 71, 100, 127}) {
    BprTables fast = random_tables(9, 20, factors, factors), plain = fast;
    const BprRates rates = {0.05, 0.02, true};
    const BprRows fast_rows(fast, rates), plain_rows(plain, rates);
    std::vector<BprSample> samples;
    for (int n = 0; n < 8; ++n) samples.push_back({8 - n, 2 * n + 1, 2 * n + 2});
    int correct = 0;
    for (const BprSample& s : samples) correct += bpr_step(plain_rows, s);
    EXPECT_EQ(with_vectors(fast.stride,
                           [&](auto v) { return bpr_step8<v()>(fast_rows, samples.data()); }),
              correct);
    for (size_t n = 0; n < fast.users.size(); ++n)
      EXPECT_NEAR(fast.users[n], plain.users[n], 2e-6) << factors << " factors, user entry " << n;
    for (size_t n = 0; n < fast.items.size(); ++n)
      EXPECT_NEAR(fast.items[n], plain.items[n], 2e-6) << factors << " factors, item entry " << n;
  }
}

TEST(BprKernel, LosesNoStepWhereSamplesShareRows) {
  // Small steps: that the scores are taken before the steps shows in the second order only.
  BprTables fast = random_tables(2, 3, 9, 1), plain = fast;
  const BprRates rates = {1e-3, 0.02, true};
  const std::vector<BprSample> samples = {{0, 1, 2}, {0, 2, 1}, {1, 1, 0}, {0, 0, 1},
                                          {1, 0, 2}, {1, 2, 1}, {0, 1, 0}, {0, 2, 0}};
  const BprTables before = fast;
  for (const BprSample& s : samples) bpr_step(BprRows(plain, rates), s);
  bpr_step8<0>(BprRows(fast, rates), samples.data());
  for (size_t n = 0; n < fast.items.size(); ++n) {
    EXPECT_NEAR(fast.items[n], plain.items[n], 1e-4);
  }
  for (size_t n = 0; n < fast.users.size(); ++n) EXPECT_NEAR(fast.users[n], plain.users[n], 1e-4);
  EXPECT_GT(std::abs(fast.items[1] - before.items[1]), 2e-4);
}

TEST(FallingLogistic, IsWithinAMillionthOfItself) {
  for (double x = -100; x <= 100; x += 0.0137) {
    const Float8 z = falling_logistic8(Float8{} + static_cast<float>(x));
    const double expected = 1 / (1 + std::exp(std::clamp<double>(static_cast<float>(x), -80, 80)));
    EXPECT_NEAR(z[3] / expected, 1, 1e-6) << x;
  }
}

TEST(BprEpoch, GivesTheSameBitsForAnyNumberOfThreads) {
  const UserItems pairs = random_pairs(3000, 500, 30000);
  const BprWeights start = drawn_weights(pairs, 500, 5);
  std::vector<BprWeights> results;
  std::vector<BprCounts> counts;
  for (const int threads : {1, 2, 3, 5}) {
    BprSgd sgd(pairs, 500, 5, {0.05, 0.01, true}, 7);
    start.load_into(sgd);
    for (int e = 0; e < 3; ++e) counts.push_back(sgd.epoch(e, threads));
    results.emplace_back(sgd, start);
  }
  for (size_t n = 1; n < results.size(); ++n) {
    EXPECT_EQ(results[n], results[0]);
    for (int e = 0; e < 3; ++e) EXPECT_EQ(counts[3 * n + e], counts[e]);
  }
  EXPECT_NE(counts[0], counts[1]);
}

TEST(BprEpoch, GoesOnFromStoredWeightsWithTheSameBits) {
  const UserItems pairs = random_pairs(3000, 500, 30000);
  const BprWeights start = drawn_weights(pairs, 500, 9);
  BprSgd whole(pairs, 500, 9, {0.05, 0.01, true}, 7);
  start.load_into(whole);
  for (int e = 0; e < 3; ++e) whole.epoch(e, 2);
  BprSgd before(pairs, 500, 9, {0.05, 0.01, true}, 7), after(pairs, 500, 9, {0.05, 0.01, true}, 7);
  start.load_into(before);
  before.epoch(0, 1);
  BprWeights(before, start).load_into(after);
  for (int e = 1; e < 3; ++e) after.epoch(e, 3);
  EXPECT_EQ(BprWeights(after, start), BprWeights(whole, start));
}

TEST(BprEpoch, LosesNoUpdate) {
  // Without a penalty each sample adds to one item's bias what it takes from another's.
  const UserItems pairs = random_pairs(3000, 60, 30000);
  const BprWeights start = drawn_weights(pairs, 60, 5);
  BprSgd sgd(pairs, 60, 5, {0.05, 0, true}, 7);
  start.load_into(sgd);
  for (int e = 0; e < 5; ++e) sgd.epoch(e, 3);
  const BprWeights end(sgd, start);
  const auto sum = [](const std::vector<float>& v) {
    return std::accumulate(v.begin(), v.end(), 0.0);
  };
  EXPECT_NEAR(sum(end.biases), sum(start.biases), 1e-3);
  EXPECT_NE(end.biases, start.biases);
}

TEST(BprEpoch, DependsOnSeedAndEpochAlone) {
  const UserItems pairs = random_pairs(900, 300, 20000);
  const BprWeights start = drawn_weights(pairs, 300, 5);
  const auto after = [&](uint64_t seed, int64_t epoch) {
    BprSgd sgd(pairs, 300, 5, kRates, seed);
    start.load_into(sgd);
    sgd.epoch(epoch, 1);
    return BprWeights(sgd, start).items;
  };
  EXPECT_EQ(after(1, 0), after(1, 0));
  EXPECT_NE(after(1, 0), after(1, 1));
  EXPECT_NE(after(1, 0), after(2, 0));
}

}  // namespace
}  // namespace latent
