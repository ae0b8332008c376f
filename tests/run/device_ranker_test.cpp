// Rankings by LibTorch's operators, on the CPU, against the processor's own.
#include "src/run/device_ranker.h"

#include <ATen/Parallel.h>

#include <cstdlib>

#include "src/base/rng.h"
#include "src/data/interactions.h"
#include "src/metrics/ranking.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Whole numbers, so that every sum is exact in any order: few of them tie often.
struct Catalogue {
  static constexpr int32_t kUsers = 150, kItems = 203, kFactors = 4;
  std::vector<float> gamma_user, gamma_item, beta_user, beta_item, alpha = {2};
  UserItems held_out, masked, known;
  std::vector<char> cold_user, cold_item;

  explicit Catalogue(uint32_t levels, bool biases = true) {
    RandomStream random = Rng(levels).stream("catalogue");
    const auto fill = [&](std::vector<float>& to, int32_t size) {
      for (int32_t n = 0; n < size; ++n)
        to.push_back(static_cast<float>(random.below(levels)) - 1);
    };
    fill(gamma_user, kUsers * kFactors), fill(gamma_item, kItems * kFactors);
    if (biases) fill(beta_user, kUsers), fill(beta_item, kItems);
    Pairs test, train;
    for (int32_t u = 0; u < kUsers; ++u) {
      if (u % 10 == 3) continue;  // nothing held out
      for (int32_t i = 0; i < kItems; ++i) {
        const uint32_t dice = random.below(u % 7 == 0 ? 3 : 40);
        if (dice == 0) test.push(u, i);
        // One user has trained on all but what is held out.
        if (dice == 1 || (u == 5 && dice != 0)) train.push(u, i);
      }
    }
    held_out = UserItems(test.user, test.item, kUsers);
    masked = UserItems(train.user, train.item, kUsers);
    known = merged(held_out, masked);
    for (int32_t u = 0; u < kUsers; ++u) cold_user.push_back(u % 17 == 0);
    for (int32_t i = 0; i < kItems; ++i) cold_item.push_back(i % 19 == 0);
  }

  FactorView view() const {
    FactorView out{kUsers, kItems, kFactors};
    out.gamma_user = gamma_user.data();
    out.gamma_item = gamma_item.data();
    if (!beta_user.empty()) {
      out.alpha = alpha.data();
      out.beta_user = beta_user.data();
      out.beta_item = beta_item.data();
    }
    return out;
  }
};

RunConfig config() {
  RunConfig out;
  out.model.name = "bpr";
  out.train.device = "cpu";
  return out;
}

std::unique_ptr<RowRanker> ranker_of(const FactorView& view, int64_t users_at_once = 0) {
  at::set_num_threads(1);  // as the program does
  ::setenv("LATENT_DEVICE_CODE", "1", 1);
  auto out = device_ranker(view, config(), users_at_once);
  ::unsetenv("LATENT_DEVICE_CODE");
  return out;
}

void expect_same(const NamedFigures& a, const NamedFigures& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t n = 0; n < a.size(); ++n) {
    EXPECT_EQ(a[n].first, b[n].first);
    EXPECT_EQ(a[n].second, b[n].second) << a[n].first;
  }
}

TEST(DeviceRanker, GivesTheFiguresOfTheProcessorsOwnToTheBit) {
  for (const uint32_t levels : {2u, 9u, 1000u}) {
    for (const bool biases : {false, true}) {
      const Catalogue c(levels, biases);
      const FactorView view = c.view();
      std::vector<char> many(Catalogue::kItems);
      for (int32_t i = 0; i < 150; ++i) many[i] = 1;
      for (const std::vector<char>& unlisted : {c.cold_item, many}) {
        RankingQuery query{&c.held_out, &c.masked, &c.known, {1, 5, 20, 300}, 1,
                           c.cold_user, c.cold_item, /*lists=*/true, unlisted,
                           /*per_user=*/true};
        for (const std::vector<int64_t>& cut_offs :
             {std::vector<int64_t>{1, 5, 20}, std::vector<int64_t>{300}}) {
          query.cut_offs = cut_offs;
          query.rows = nullptr;
          const RankingFigures own = ranking_metrics(view, query);
          for (const int64_t at_once : {0, 64}) {
            const auto rows = ranker_of(view, at_once);
            query.rows = rows.get();
            const RankingFigures by_rows = ranking_metrics(view, query);
            expect_same(own.all, by_rows.all);
            expect_same(own.warm, by_rows.warm);
            expect_same(own.lists, by_rows.lists);
            EXPECT_EQ(own.users.user, by_rows.users.user);
          }
        }
      }
    }
  }
}

TEST(DeviceRanker, IsThereOnlyWhereTheCodeOfADeviceIs) {
  const Catalogue c(3);
  EXPECT_EQ(device_ranker(c.view(), config()), nullptr);
  FactorView biases = c.view();
  biases.factors = 0;
  EXPECT_EQ(ranker_of(biases), nullptr);
  EXPECT_NE(ranker_of(c.view()), nullptr);
}

}  // namespace
}  // namespace latent
