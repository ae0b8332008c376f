#include "src/base/peers.h"

#include <gtest/gtest.h>

#include <numeric>

namespace latent {
namespace {

TEST(Shares, OfEqualElementsDifferByOneAtMost) {
  EXPECT_EQ(even_shares(10, 3), (Shares{0, 3, 6, 10}));
  EXPECT_EQ(even_shares(1, 3), (Shares{0, 0, 0, 1}));
}

TEST(Shares, ByWeightAreAboutEqualAndNoneIsEmpty) {
  const std::vector<int64_t> weights = {100, 1, 1, 1, 1, 1, 1, 50, 50};
  const Shares shares = weighted_shares(weights, 3);
  EXPECT_EQ(shares.front(), 0);
  EXPECT_EQ(shares.back(), 9);
  for (int r = 0; r < 3; ++r) EXPECT_GT(piece_of(shares, r).size(), 0) << r;
  EXPECT_EQ(shares[1], 1);
}

TEST(Shares, ByWeightGiveEachRankOneWhereThereAreJustAsMany) {
  EXPECT_EQ(weighted_shares(std::vector<int64_t>{1000, 1, 1}, 3), (Shares{0, 1, 2, 3}));
  EXPECT_EQ(weighted_shares(std::vector<int64_t>{1, 1, 1000}, 3), (Shares{0, 1, 2, 3}));
}

TEST(Shares, ByWeightHaveHalfOfEqualWeightsEach) {
  const std::vector<int64_t> weights(1000, 7);
  EXPECT_EQ(weighted_shares(weights, 2), (Shares{0, 500, 1000}));
}

TEST(ChunkShares, GiveAChunkToTheRankOfItsFirstElement) {
  const std::vector<int64_t> begins = {0, 10, 20, 30};
  EXPECT_EQ(chunk_shares(begins, {0, 15, 15, 40}), (Shares{0, 2, 2, 4}));
}

TEST(Heads, AreWhatARankHasOfAChunkThatBeginsBefore) {
  const std::vector<int64_t> begins = {0, 10, 20, 30};
  const auto heads = heads_of(begins, {0, 15, 17, 30, 40});
  EXPECT_EQ(heads[0].size(), 0);
  EXPECT_EQ(heads[1].begin, 15);
  EXPECT_EQ(heads[1].end, 17);
  EXPECT_EQ(heads[2].end, 20);
  EXPECT_EQ(heads[3].size(), 0);
}

TEST(Alone, IsTheFirstOfOneAndSendsNothing) {
  Peers& peers = alone();
  EXPECT_TRUE(peers.alone());
  EXPECT_TRUE(peers.first());
  int calls = 0;
  double sum = 1;
  peers.in_turn(&sum, sizeof sum, [&] { ++calls; });
  peers.together([&] { ++calls; });
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(peers.gather(7), std::vector<int64_t>{7});
  EXPECT_EQ(peers.bytes_sent(), 0);
}

}  // namespace
}  // namespace latent
