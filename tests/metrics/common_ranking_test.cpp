// Figures of a model that scores items alike for every user, whose catalogue is sorted once: the
// bits of the same scores spelled out as a matrix, which are ranked user by user.
#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>

#include "src/base/rng.h"
#include "src/data/interactions.h"
#include "src/metrics/held_out_places.h"
#include "src/metrics/ranking.h"
#include "src/score/ranker.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

/// Random scores with ties, a mask and held-out items, and who is cold.
struct Case {
  Case(int32_t users, int32_t items, uint32_t levels, uint64_t seed) : beta(items) {
    RandomStream stream = Rng(seed).stream("common");
    for (float& b : beta) b = static_cast<float>(stream.below(levels));
    std::vector<float> rows;
    for (int32_t u = 0; u < users; ++u) rows.insert(rows.end(), beta.begin(), beta.end());
    matrix.emplace(users, items, std::move(rows));
    common.users = users;
    common.items = items;
    common.beta_item = beta.data();
    Pairs held, known, every;
    for (int32_t u = 0; u < users; ++u) {
      for (int32_t i = 0; i < items; ++i) {
        const uint32_t draw = stream.below(12);
        if (draw < 2) known.push(u, i);
        if (draw == 2) held.push(u, i);
        if (draw < 3) every.push(u, i);
      }
    }
    held_out = UserItems(held.user, held.item, users);
    masked = UserItems(known.user, known.item, users);
    all_parts = UserItems(every.user, every.item, users);
    for (int32_t u = 0; u < users; ++u) cold_user.push_back(stream.below(5) == 0);
    for (int32_t i = 0; i < items; ++i) cold_item.push_back(stream.below(2) == 0);
  }

  RankingQuery query(bool cold) const {
    RankingQuery out{&held_out, &masked, &all_parts, {1, 5, 10}, 1};
    out.lists = out.per_user = true;
    if (cold) {
      out.cold_user = cold_user;
      out.cold_item = out.unlisted = cold_item;
    }
    return out;
  }

  std::vector<float> beta;
  std::optional<ScoreMatrix> matrix;
  FactorView common;
  UserItems held_out, masked, all_parts;
  std::vector<char> cold_user, cold_item;
};

void expect_same(const RankingFigures& a, const RankingFigures& b) {
  EXPECT_EQ(a.all, b.all);
  EXPECT_EQ(a.warm, b.warm);
  EXPECT_EQ(a.lists, b.lists);
  EXPECT_EQ(a.users.user, b.users.user);
  EXPECT_EQ(a.users.figures, b.users.figures);
}

TEST(CommonRanking, HasTheFiguresOfTheSameScoresRankedUserByUser) {
  for (const int32_t items : {7, 130, 700}) {
    for (const uint32_t levels : {1U, 4U, 100000U}) {
      const Case c(30, items, levels, levels + static_cast<uint32_t>(items));
      for (const bool cold : {false, true}) {
        SCOPED_TRACE(testing::Message() << items << " items, " << levels << " scores, " << cold);
        const RankingFigures got = ranking_metrics(c.common, c.query(cold));
        EXPECT_FALSE(got.all.empty());
        expect_same(got, ranking_metrics(c.matrix->view(), c.query(cold)));
      }
    }
  }
}

TEST(CommonRanking, HasThePlacesAndListsOfTheSameScoresRankedUserByUser) {
  for (const uint32_t levels : {3U, 100000U}) {
    const Case c(30, 300, levels, 7);
    const FactorView matrix = c.matrix->view();
    std::vector<int32_t> users(30);
    for (int32_t u = 0; u < 30; ++u) users[u] = u;
    const auto place = [](const HeldOutPlace& p) {
      return std::tuple(p.user, p.item, p.better, p.equal);
    };
    const auto own = held_out_places(c.common, c.held_out, c.masked, users, 1),
               other = held_out_places(matrix, c.held_out, c.masked, users, 1);
    EXPECT_TRUE(std::ranges::equal(own, other, {}, place, place));
    RankingRules rules{.left_out = c.masked, .allowed = c.cold_item};
    const auto pair = [](const Scored& s) { return std::pair(s.index, s.score); };
    const auto lists = Ranker(c.common).rank(users, 20, rules, 1),
               twins = Ranker(matrix).rank(users, 20, rules, 1);
    ASSERT_EQ(lists.size(), twins.size());
    for (size_t n = 0; n < lists.size(); ++n)
      EXPECT_TRUE(std::ranges::equal(lists[n], twins[n], {}, pair, pair)) << "user " << n;
  }
}

TEST(CommonRanking, LeavesItemsOutThatScoreNothing) {
  Case c(2, 5, 3, 1);
  c.beta = {1, -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 3,
            2};
  const std::vector<int32_t> user = {0};
  const auto list = Ranker(c.common).rank_block(user, 5, {}).front();
  ASSERT_EQ(list.size(), 3);
  EXPECT_EQ(list[0].index, 3);
  EXPECT_EQ(list[2].index, 0);
}

}  // namespace
}  // namespace latent
