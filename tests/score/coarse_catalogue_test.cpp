#include "src/score/coarse_catalogue.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "src/base/rng.h"
#include "src/score/ranker.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Tables of a few users, whose kinds are those that bounds might get wrong.
struct Catalogue {
  std::vector<float> user, items, beta;
  FactorView view;

  Catalogue(int32_t count, int factors, int kind, uint64_t seed, int32_t users = 1) {
    RandomStream random = Rng(seed).stream("coarse");
    const auto normal = [&] { return static_cast<float>(random.normal()); };
    for (int k = 0; k < users * factors; ++k)
      user.push_back(kind == 7 ? 0.3f * (1 + 3e-7f * normal()) : normal());
    for (int32_t i = 0; i < count; ++i) {
      const float length = kind == 1 ? std::exp(3 * normal()) : 1;  // of very different lengths
      for (int k = 0; k < factors; ++k) {
        float value = normal() * length;
        if (kind == 2) value = static_cast<float>(random.below(3)) - 1;   // many ties
        if (kind == 3) value = k == 0 ? 1000 * normal() : value * 1e-3f;  // one factor rules
        if (kind == 4) value = i % 3 == 0 ? 0 : value * 1e-30f;           // zeros, tiny numbers
        if (kind == 7)
          value = (static_cast<float>(random.below(3)) - 1) * 0.1f;  // alike but for rounding
        if (kind == 5 && i > 0) value = items[k] * (1 + 1e-6f * normal());  // all nearly alike
        items.push_back(value);
      }
      beta.push_back(kind == 6 ? 100 * normal() : normal());
    }
    view.users = users;
    view.items = count;
    view.factors = factors;
    view.gamma_user = user.data();
    view.gamma_item = items.data();
    if (kind % 2 == 0) view.beta_item = beta.data();
  }
};
constexpr int kKinds = 8;

std::vector<Scored> by_brute_force(const FactorView& view, int k, const auto& admits,
                                   int32_t user = 0) {
  const CatalogueScorer scorer(view);
  std::vector<Scored> all;
  for (int32_t i = 0; i < view.items; ++i) {
    if (admits(i)) all.push_back({i, scorer.score(user, i)});
  }
  std::ranges::sort(all, ranks_before);
  all.resize(std::min<size_t>(all.size(), static_cast<size_t>(k)));
  return all;
}

std::vector<Scored> by_candidates(const FactorView& view, int k, const auto& admits) {
  const CatalogueScorer scorer(view);
  const CoarseCatalogue coarse(view);
  const UserVector user{view.factors_of_user(0), view.base(0)};
  EXPECT_TRUE(coarse.can_answer(user));
  TopK best(k);
  const auto left =
      coarse.candidates({&user, 1}, k, [&](size_t, int32_t i) { return admits(i); })[0];
  for (const int32_t i : left) best.push(i, scorer.score(user, i));
  return best.take();
}

void expect_same(const std::vector<Scored>& ours, const std::vector<Scored>& expected) {
  ASSERT_EQ(ours.size(), expected.size());
  for (size_t n = 0; n < ours.size(); ++n) {
    ASSERT_EQ(ours[n].index, expected[n].index) << "at place " << n;
    ASSERT_EQ(ours[n].score, expected[n].score);
  }
}

TEST(CoarseCatalogue, HoldsTheListOfBruteForceWhateverTheTables) {
  uint64_t seed = 0;
  for (int kind = 0; kind < kKinds; ++kind) {
    for (const int factors : {1, 3, 8, 33}) {
      for (const int32_t items : {1, 63, 64, 65, 700, 5000}) {
        const Catalogue c(items, factors, kind, ++seed);
        for (const int k : {0, 1, 10, 100, 6000}) {
          SCOPED_TRACE(testing::Message() << "kind " << kind << ", " << factors << " factors, "
                                          << items << " items, k " << k);
          const auto all = [](int32_t) { return true; };
          const auto some = [](int32_t i) { return i % 7 < 3; };
          expect_same(by_candidates(c.view, k, all), by_brute_force(c.view, k, all));
          expect_same(by_candidates(c.view, k, some), by_brute_force(c.view, k, some));
        }
      }
    }
  }
}

TEST(CoarseCatalogue, HoldsTheListsOfSeveralUsersAtOnce) {
  uint64_t seed = 100;
  for (int kind = 0; kind < kKinds; ++kind) {
    for (const int32_t count : {2, 3, 4, 5, 9}) {
      const int32_t items = count == 5 ? 63 : 900;
      const Catalogue c(items, /*factors=*/count == 3 ? 33 : 8, kind, ++seed, count);
      const CatalogueScorer scorer(c.view);
      const CoarseCatalogue coarse(c.view);
      std::vector<UserVector> users;
      for (int32_t u = 0; u < count; ++u)
        users.push_back({c.view.factors_of_user(u), c.view.base(u)});
      for (const int k : {0, 1, 10, 1000}) {
        SCOPED_TRACE(testing::Message() << "kind " << kind << ", " << count << " users, k " << k);
        const auto admits = [](size_t n, int32_t i) {
          return (i + static_cast<int32_t>(n)) % 3 != 0;
        };
        const auto left = coarse.candidates(users, k, admits);
        ASSERT_EQ(left.size(), users.size());
        for (int32_t u = 0; u < count; ++u) {
          TopK best(k);
          for (const int32_t i : left[u]) best.push(i, scorer.score(u, i));
          expect_same(best.take(),
                      by_brute_force(c.view, k, [&](int32_t i) { return admits(u, i); }, u));
        }
      }
    }
  }
}

TEST(CoarseCatalogue, LeavesFewCandidates) {
  const Catalogue c(20'000, 32, 0, 5);
  const CoarseCatalogue coarse(c.view);
  const auto all = [](size_t, int32_t) { return true; };
  const UserVector user{c.view.factors_of_user(0), c.view.base(0)};
  const auto left = coarse.candidates({&user, 1}, 10, all)[0];
  EXPECT_GE(left.size(), 10u);
  EXPECT_LT(left.size(), 200u);
}

TEST(CoarseCatalogue, AnswersForNumbersAlone) {
  const float kBad[] = {std::numeric_limits<float>::quiet_NaN(),
                        std::numeric_limits<float>::infinity(), 1e38f};
  for (const float bad : kBad) {
    for (const int place : {0, 1, 2}) {
      Catalogue c(200, 4, 2, 9);
      (place == 0 ? c.items : place == 1 ? c.beta : c.user)[3] = bad;
      const CoarseCatalogue coarse(c.view);
      EXPECT_FALSE(coarse.can_answer({c.view.factors_of_user(0), 0})) << bad << " in " << place;
    }
  }
}

TEST(Ranker, GivesOneListByEitherCatalogue) {
  const Catalogue c(33'000, 32, 0, 11);  // large enough for a coarse one
  const Ranker ranker(c.view);
  const int32_t user = 0;
  std::vector<char> allowed(33'000);
  for (size_t i = 0; i < allowed.size(); ++i) allowed[i] = i % 5 != 0;
  for (int n = 0; n < 20; ++n) {  // 40 lists, the first 32 of them before there is one
    const RankingRules rules{.allowed = allowed};
    const auto admits = [&](int32_t i) { return allowed[i] != 0; };
    expect_same(ranker.rank_block({&user, 1}, 25, rules)[0], by_brute_force(c.view, 25, admits));
    expect_same(ranker.rank_vector({c.user.data(), c.view.base(0)}, 25, {}, allowed),
                by_brute_force(c.view, 25, admits));
  }
}

TEST(Ranker, GivesAFewUsersTheListsThatTheyGetAlone) {
  const Catalogue c(33'000, 32, 0, 13, /*users=*/14);
  std::vector<int32_t> users(14);
  std::iota(users.begin(), users.end(), 0);
  std::vector<std::vector<Scored>> expected;
  for (const int32_t u : users)
    expected.push_back(by_brute_force(c.view, 20, [](int32_t) { return true; }, u));
  const Ranker ranker(c.view);
  for (int round = 0; round < 6; ++round) {  // the first three of them before there is a coarse one
    for (const size_t count : {3, 5, 12, 14}) {
      const auto lists = ranker.rank_block(std::span(users).first(count), 20, {});
      ASSERT_EQ(lists.size(), count);
      for (size_t n = 0; n < count; ++n) expect_same(lists[n], expected[n]);
    }
  }
}

}  // namespace
}  // namespace latent
