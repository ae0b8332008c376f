#include "src/base/factor_view.h"

#include <cmath>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

struct Tables {
  int32_t users, items;
  int factors;
  std::vector<float> beta_user, beta_item, gamma_user, gamma_item;

  /// Multiples of 1/8 below 4: sums of their products are exact as floats, whatever their order.
  Tables(int32_t users, int32_t items, int factors) : users(users), items(items), factors(factors) {
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
    FactorView v{users, items, factors};
    if (parts & 1) v.alpha = 3.5f;
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

TEST(FactorView, AndCatalogueScorerGiveThePlainScoreAroundTheTileWidth) {
  for (const int32_t items : {1, 2, 31, 32, 33, 63, 64, 65, 100}) {
    for (const int factors : {0, 1, 3, 8}) {
      const Tables tables(3, items, factors);
      for (int parts = 0; parts < 8; ++parts) {
        const FactorView view = tables.view(parts);
        const CatalogueScorer scorer(view);
        for (int32_t u = 0; u < tables.users; ++u) {
          constexpr float kGuard = -12345;
          std::vector<float> scores(items + 1, kGuard);
          scorer.scores(u, scores.data());
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
  CatalogueScorer(view).scores(0, scores.data());
  for (int32_t i = 0; i < kItems; ++i) EXPECT_NEAR(scores[i], view.score(0, i), 2e-5);
}

}  // namespace
}  // namespace latent
