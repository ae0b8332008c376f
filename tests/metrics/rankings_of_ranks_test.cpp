// What several ranks measure, each of its own users, is bit for bit what one measures of all.
#include <gtest/gtest.h>

#include <cmath>
#include <mutex>

#include "src/metrics/ranking.h"
#include "src/metrics/sampled_ranking.h"
#include "tests/base/thread_peers.h"
#include "tests/metrics/drawn_parts.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 700, kItems = 60;

/// Some users have nothing to find, some pairs are cold, and the last user knows every item.
struct Case : DrawnParts {
  ScoreMatrix scores = ScoreMatrix::random(kUsers, kItems, /*levels=*/40);
  std::vector<char> cold_item = std::vector<char>(kItems);

  Case() : DrawnParts(uneven_parts(kUsers, kItems, 5)) {
    for (int32_t i = 0; i < kItems; i += 7) cold_item[i] = 1;
  }

  RankingFigures ranked(const OwnedRows& users) const {
    return ranking_metrics(scores.view(), {.held_out = &held_out,
                                           .masked = &masked,
                                           .all_parts = &known,
                                           .cut_offs = {1, 3, 10},
                                           .threads = 2,
                                           .cold_item = cold_item,
                                           .lists = true,
                                           .per_user = true,
                                           .users = users});
  }
  RankingFigures sampled(const OwnedRows& users) const {
    return sampled_ranking_metrics(scores.view(), {.held_out = &held_out,
                                                   .known = &known,
                                                   .candidates = 20,
                                                   .seed = 3,
                                                   .cut_offs = {1, 3, 10},
                                                   .threads = 2,
                                                   .cold_item = cold_item,
                                                   .per_user = true,
                                                   .users = users});
  }
  double auc(const OwnedRows& users) const {
    return auc_sampled(scores.view(), held_out, 1, users);
  }
};

void expect_same(const RankingFigures& got, const RankingFigures& one) {
  EXPECT_FALSE(one.all.empty());
  EXPECT_FALSE(one.warm.empty());
  EXPECT_EQ(got.all, one.all);
  EXPECT_EQ(got.warm, one.warm);
  EXPECT_EQ(got.lists, one.lists);
  EXPECT_EQ(got.users.user, one.users.user);
  ASSERT_EQ(got.users.figures.size(), one.users.figures.size());
  for (size_t n = 0; n < got.users.figures.size(); ++n) {
    const auto& [name, values] = got.users.figures[n];
    const auto& [its_name, its] = one.users.figures[n];
    EXPECT_EQ(name, its_name);
    ASSERT_EQ(values.size(), its.size());
    for (size_t k = 0; k < values.size(); ++k)
      EXPECT_TRUE(values[k] == its[k] || (std::isnan(values[k]) && std::isnan(its[k])));
  }
}

/// Where users' chunks begin, in the middle of them, and ranks with few users or none.
const std::vector<Shares>& all_shares() {
  static const std::vector<Shares> shares = {{0, 300, kUsers},
                                             {0, 1, 2, 3, 699, kUsers},
                                             {0, 64, 64, 600, kUsers},
                                             {0, 0, kUsers}};
  return shares;
}

template <typename Fn>
void by_ranks(const Fn& body) {
  for (const Shares& shares : all_shares()) {
    std::mutex mutex;
    ThreadPeers(static_cast<int>(shares.size()) - 1).run([&](Peers& peers) {
      body(OwnedRows{&peers, shares}, mutex);
    });
  }
}

TEST(RankingsOfRanks, HaveTheBitsOfOne) {
  const Case c;
  const RankingFigures one = c.ranked({}), sampled = c.sampled({});
  by_ranks([&](const OwnedRows& users, std::mutex& mutex) {
    const RankingFigures own = c.ranked(users), own_sampled = c.sampled(users);
    const std::lock_guard lock(mutex);
    expect_same(own, one);
    expect_same(own_sampled, sampled);
  });
}

TEST(AucSampledOfRanks, HasTheBitsOfOne) {
  const Case c;
  const double one = c.auc({});
  EXPECT_GT(one, 0);
  by_ranks([&](const OwnedRows& users, std::mutex& mutex) {
    const double own = c.auc(users);
    const std::lock_guard lock(mutex);
    EXPECT_EQ(own, one);
  });
}

}  // namespace
}  // namespace latent
