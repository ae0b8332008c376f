#include "src/score/factor_view.h"

#include <algorithm>
#include <limits>

#include "src/base/rng.h"
#include "src/score/ranker.h"
#include "tests/support.h"

namespace latent {
namespace {

struct RandomTables {
  int32_t users, items;
  int factors;
  std::vector<float> beta_user, beta_item, gamma_user, gamma_item;
  static constexpr float kAlpha = 3.5f;

  /// Multiples of 1/8 below 4: sums of their products are exact as floats, whatever their order.
  RandomTables(int32_t users, int32_t items, int factors)
      : users(users), items(items), factors(factors) {
    RandomStream random = Rng(items * 1000 + factors).stream("tables");
    const auto fill = [&](std::vector<float>& table, int64_t n) {
      for (int64_t k = 0; k < n; ++k)
        table.push_back((static_cast<float>(random.below(63)) - 31) / 8);
    };
    fill(beta_user, users);
    fill(beta_item, items);
    fill(gamma_user, int64_t{users} * factors);
    fill(gamma_item, int64_t{items} * factors);
  }

  /// With the parts that `parts` has a bit for: alpha, beta_user, beta_item.
  FactorView view(int parts) const {
    FactorView v{{users, items, factors}};
    if (parts & 1) v.alpha = &kAlpha;
    if (parts & 2) v.beta_user = beta_user.data();
    if (parts & 4) v.beta_item = beta_item.data();
    if (factors > 0) v.gamma_user = gamma_user.data();
    if (factors > 0) v.gamma_item = gamma_item.data();
    return v;
  }

  double plain(int parts, int32_t u, int32_t i) const {
    double sum = (parts & 1) ? 3.5 : 0;
    if (parts & 2) sum += beta_user[u];
    if (parts & 4) sum += beta_item[i];
    for (int k = 0; k < factors; ++k)
      sum += double{gamma_user[u * factors + k]} * gamma_item[i * factors + k];
    return sum;
  }
};

/// A user's scores of the whole catalogue into out [I].
void scores_of(const CatalogueScorer& scorer, int32_t user, float* out) {
  scorer.for_each_strip({&user, 1}, [&](const ScoreStrip& strip) {
    std::copy_n(strip.scores, strip.items, out + strip.first);
  });
}

TEST(FactorView, AndCatalogueScorerGiveThePlainScoreAroundTheTileWidth) {
  for (const int32_t items : {1, 2, 31, 32, 33, 63, 64, 65, 100}) {
    for (const int factors : {0, 1, 3, 8}) {
      const RandomTables tables(3, items, factors);
      for (int parts = 0; parts < 8; ++parts) {
        const FactorView view = tables.view(parts);
        const CatalogueScorer scorer(view);
        for (int32_t u = 0; u < tables.users; ++u) {
          constexpr float kGuard = -12345;
          std::vector<float> scores(items + 1, kGuard);
          scores_of(scorer, u, scores.data());
          for (int32_t i = 0; i < items; ++i) {
            ASSERT_EQ(view.score(u, i), tables.plain(parts, u, i))
                << items << " items, " << factors << " factors, parts " << parts;
            ASSERT_EQ(scores[i], tables.plain(parts, u, i))
                << items << " items, " << factors << " factors, parts " << parts;
          }
          ASSERT_EQ(scores[items], kGuard) << "written beyond the catalogue";
        }
      }
    }
  }
}

// The sums run in the same order but may be contracted to fused steps: equal to rounding.
TEST(CatalogueScorer, AgreesWithScoreOnRealNumbers) {
  RandomStream random = Rng(1).stream("real");
  constexpr int32_t kItems = 70;
  constexpr int kFactors = 64;
  std::vector<float> p(kFactors), q(kItems * kFactors);
  for (float& v : p) v = static_cast<float>(random.normal());
  for (float& v : q) v = static_cast<float>(random.normal());
  FactorView view{1, kItems, kFactors};
  view.gamma_user = p.data();
  view.gamma_item = q.data();
  std::vector<float> scores(kItems);
  scores_of(CatalogueScorer(view), 0, scores.data());
  for (int32_t i = 0; i < kItems; ++i) EXPECT_NEAR(scores[i], view.score(0, i), 2e-5);
}

TEST(CatalogueScorer, StripsOfAnyBlockOfUsersAreTheBitsOfOneUserAlone) {
  RandomStream random = Rng(2).stream("strips");
  constexpr int32_t kUsers = 30, kItems = 300;
  for (const int factors : {0, 5, 17}) {
    std::vector<float> beta(kItems), p(kUsers * factors), q(kItems * factors);
    for (auto* table : {&beta, &p, &q}) {
      for (float& v : *table) v = static_cast<float>(random.normal());
    }
    FactorView view{kUsers, kItems, factors};
    view.beta_item = beta.data();
    view.gamma_user = p.data();
    view.gamma_item = q.data();
    const CatalogueScorer scorer(view);
    for (const int32_t count : {1, 2, 5, 6, 7, 12, 13, 25, 30}) {
      std::vector<int32_t> users;
      for (int32_t n = 0; n < count; ++n) users.push_back((n * 7) % kUsers);
      int32_t expected_first = 0;
      scorer.for_each_strip(users, [&](const ScoreStrip& strip) {
        ASSERT_EQ(strip.first, expected_first);
        expected_first += strip.items;
        for (size_t n = 0; n < users.size(); ++n) {
          std::vector<float> alone(kItems);
          scores_of(scorer, users[n], alone.data());
          ASSERT_EQ(strip.of(n).size(), static_cast<size_t>(strip.items));
          for (int32_t i = 0; i < strip.items; ++i) {
            ASSERT_EQ(strip.of(n)[i], alone[strip.first + i]) << count << " users, user " << n;
            ASSERT_EQ(scorer.score(users[n], strip.first + i), alone[strip.first + i]);
          }
        }
      });
      EXPECT_EQ(expected_first, kItems);
    }
  }
}

TEST(CatalogueScorer, ScoresAVectorAsItScoresTheUserWhoHasIt) {
  const RandomTables tables(9, 333, 7);
  const FactorView view = tables.view(7);
  const CatalogueScorer scorer(view);
  const Ranker ranker(view);
  for (int32_t u = 0; u < tables.users; ++u) {
    const UserVector vector{view.factors_of_user(u), view.base(u)};
    std::vector<float> expected(tables.items), scores;
    scores_of(scorer, u, expected.data());
    scorer.for_each_strip(std::span(&vector, 1), [&](const ScoreStrip& strip) {
      scores.insert(scores.end(), strip.scores, strip.scores + strip.items);
    });
    EXPECT_EQ(scores, expected);
    EXPECT_EQ(scorer.score(vector, 17), scorer.score(u, 17));
    const std::vector<int32_t> left_out = {0, 5, 100 + u};
    const UserItems own(std::vector<int32_t>(3, u), left_out, tables.users);
    std::vector<char> allowed(tables.items, 1);
    allowed[7] = 0;
    const auto list = ranker.rank_vector(vector, 20, left_out, allowed);
    const auto same = ranker.rank_block({&u, 1}, 20, {own, allowed})[0];
    ASSERT_EQ(list.size(), 20u);
    for (size_t n = 0; n < list.size(); ++n) EXPECT_EQ(list[n].index, same[n].index);
  }
}

TEST(ScoreKernel, LooksAtRowsAsALoopWould) {
  RandomStream random = Rng(3).stream("looks");
  for (size_t n = 0; n < 150; ++n) {
    std::vector<float> scores(n), bounds(random.below(4));
    for (float& s : scores) s = static_cast<float>(random.below(9));
    for (float& b : bounds) b = static_cast<float>(random.below(9));
    int64_t expected = 0;
    for (const float b : bounds) {
      for (const float s : scores) expected += (s < b) - (s > b);
    }
    EXPECT_EQ(below_minus_above(scores, bounds), expected) << n << " scores";
    for (const float bound : {-1.0f, 3.0f, 7.0f, 8.0f}) {
      std::vector<uint32_t> bits((n + 31) / 32, ~0u);
      above_bits(scores, bound, bits.data());
      for (size_t i = 0; i < bits.size() * 32; ++i)
        EXPECT_EQ(bits[i / 32] >> i % 32 & 1, i < n && scores[i] > bound) << i << " of " << n;
    }
  }
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [score, bound] : {std::pair(nan, 0.0f), std::pair(1.0f, nan)}) {
    uint32_t bits[3];
    above_bits(std::vector<float>(70, score), bound, bits);
    EXPECT_EQ(bits[0] | bits[1] | bits[2], 0u);
  }
}

}  // namespace
}  // namespace latent
