#include "src/metrics/ranking.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "src/base/rng.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

using nlohmann::json;

std::map<std::string, double> figures(const FactorView& model, const UserItems& held_out,
                                      const UserItems& masked, const UserItems& all,
                                      std::vector<int64_t> cut_offs, int threads = 1) {
  std::map<std::string, double> out;
  for (const auto& [name, value] :
       ranking_metrics(model, {&held_out, &masked, &all, std::move(cut_offs), threads}).all) {
    EXPECT_TRUE(out.emplace(name, value).second) << name << " twice";
  }
  return out;
}

class RankingGolden : public testing::Test {
 protected:
  RankingGolden() {
    std::ifstream in(LATENT_SOURCE_DIR "/tests/golden/ranking.json");
    golden_ = json::parse(in);
    users_ = golden_.at("users");
    items_ = golden_.at("items");
    train_ = part("train");
    valid_ = part("valid");
    test_ = part("test");
  }

  UserItems part(const char* name) const {
    std::vector<int32_t> users, items;
    for (const json& pair : golden_.at(name)) {
      users.push_back(pair.at(0));
      items.push_back(pair.at(1));
    }
    return UserItems(users, items, users_);
  }

  /// Both masks, every cut-off, auc.
  void expect_golden(const FactorView& model, const json& expected) const {
    const UserItems seen = merged(train_, valid_);
    for (const char* mask : {"train", "train_valid"}) {
      const UserItems& masked = mask == std::string("train") ? train_ : seen;
      const auto got = figures(model, test_, masked, merged(masked, test_), golden_.at("k"));
      EXPECT_EQ(got.size(), expected.at(mask).size());
      for (const auto& [name, value] : expected.at(mask).items()) {
        EXPECT_NEAR(got.at(name), value.get<double>(), 1e-12)
            << name << " masking " << mask << "; made by " << golden_.at("how");
      }
    }
  }

  json golden_;
  int32_t users_, items_;
  UserItems train_, valid_, test_;
};

TEST_F(RankingGolden, MetricsEqualTheNumpyTwin) {
  std::vector<float> scores;
  for (const json& row : golden_.at("scores")) {
    for (const json& s : row) scores.push_back(s);
  }
  expect_golden(ScoreMatrix(users_, items_, std::move(scores)).view(), golden_.at("expected"));
}

TEST_F(RankingGolden, PopularityEqualsTheNumpyTwin) {
  const std::vector<float> counts = popularity(train_, items_);
  EXPECT_EQ(counts, golden_.at("popularity").at("scores").get<std::vector<float>>());
  FactorView model{users_, items_};
  model.beta_item = counts.data();
  expect_golden(model, golden_.at("popularity").at("expected"));
}

/// 500 users, so that several chunks of users take part; 1 in 10 without held-out items.
struct RandomCase {
  static constexpr int32_t kUsers = 500, kItems = 40;
  UserItems held_out, masked, all;
  ScoreMatrix scores = ScoreMatrix::random(kUsers, kItems, /*levels=*/12);

  RandomCase() {
    RandomStream random = Rng(3).stream("case");
    std::vector<int32_t> users[2], items[2];
    for (int32_t u = 0; u < kUsers; ++u) {
      for (int32_t i = 0; i < kItems; ++i) {
        const uint32_t where = random.below(10);
        if (where > 1 || (where == 0 && u % 10 == 0)) continue;
        users[where].push_back(u);
        items[where].push_back(i);
      }
    }
    held_out = UserItems(users[0], items[0], kUsers);
    masked = UserItems(users[1], items[1], kUsers);
    all = merged(held_out, masked);
  }
};

TEST(RankingMetrics, AreTheSameBitForBitForAnyNumberOfThreads) {
  const RandomCase c;
  const auto one = figures(c.scores.view(), c.held_out, c.masked, c.all, {1, 5, 10, 40}, 1);
  for (const int threads : {2, 3, 7, 0}) {
    EXPECT_EQ(figures(c.scores.view(), c.held_out, c.masked, c.all, {1, 5, 10, 40}, threads), one)
        << threads;
  }
}

TEST(RankingMetrics, KeepTheirRelations) {
  const RandomCase c;
  const auto got = figures(c.scores.view(), c.held_out, c.masked, c.all, {1, 5, 10, 40});
  EXPECT_EQ(got.at("hit@1"), got.at("precision@1"));
  EXPECT_EQ(got.at("hit@1"), got.at("mrr@1"));
  EXPECT_EQ(got.at("hit@1"), got.at("ndcg@1"));
  EXPECT_EQ(got.at("hit@1"), got.at("map@1"));
  for (const auto& [small, large] : {std::pair("@1", "@5"), {"@5", "@10"}, {"@10", "@40"}}) {
    for (const std::string name : {"recall", "hit", "mrr"})
      EXPECT_LE(got.at(name + small), got.at(name + large)) << name;
  }
  // The whole catalogue holds every unmasked held-out item, and none is masked here.
  EXPECT_DOUBLE_EQ(got.at("recall@40"), 1);
  EXPECT_DOUBLE_EQ(got.at("hit@40"), 1);
  for (const auto& [name, value] : got) EXPECT_TRUE(value >= 0 && value <= 1) << name;
}

TEST(RankingMetrics, BeyondTheCatalogueChangeOnlyPrecision) {
  const RandomCase c;
  const auto at = figures(c.scores.view(), c.held_out, c.masked, c.all, {RandomCase::kItems});
  const auto beyond = figures(c.scores.view(), c.held_out, c.masked, c.all, {1000000000});
  for (const char* name : {"recall", "ndcg", "hit", "map", "mrr"}) {
    EXPECT_DOUBLE_EQ(beyond.at(name + std::string("@1000000000")), at.at(name + std::string("@40")))
        << name;
  }
  EXPECT_NEAR(beyond.at("precision@1000000000") * 1e9, at.at("precision@40") * 40, 1e-9);
}

TEST(RankingMetrics, OfAPerfectModelAreOne) {
  const RandomCase c;
  ScoreMatrix perfect(RandomCase::kUsers, RandomCase::kItems,
                      std::vector<float>(RandomCase::kUsers * RandomCase::kItems));
  for (int32_t u = 0; u < RandomCase::kUsers; ++u) {
    for (const int32_t i : c.held_out.of(u)) perfect.at(u, i) = 1;
    for (const int32_t i : c.masked.of(u)) perfect.at(u, i) = 2;  // must not count against it
  }
  for (const auto& [name, value] : figures(perfect.view(), c.held_out, c.masked, c.all, {1, 40})) {
    if (name == "recall@1" || name == "precision@40") continue;
    EXPECT_DOUBLE_EQ(value, 1) << name;
  }
}

/// The definition of the header over one order: place 1 of `order` is the best.
std::map<std::string, double> figures_of(const std::vector<int32_t>& order,
                                         std::span<const int32_t> held_out,
                                         const std::vector<int64_t>& cut_offs) {
  std::map<std::string, double> out;
  for (const int64_t k : cut_offs) {
    const auto size = static_cast<double>(held_out.size());
    const double most = std::min<double>(static_cast<double>(k), size);
    double hits = 0, dcg = 0, ideal = 0, precisions = 0, first = 0;
    for (int64_t place = 1; place <= most; ++place) ideal += 1 / std::log2(place + 1);
    for (int64_t place = 1; place <= std::min<int64_t>(k, std::ssize(order)); ++place) {
      if (std::ranges::count(held_out, order[place - 1]) == 0) continue;
      ++hits;
      dcg += 1 / std::log2(place + 1);
      precisions += hits / static_cast<double>(place);
      if (first == 0) first = 1 / static_cast<double>(place);
    }
    const std::string at = "@" + std::to_string(k);
    out["recall" + at] = hits / size;
    out["ndcg" + at] = dcg / ideal;
    out["hit" + at] = hits > 0;
    out["precision" + at] = hits / static_cast<double>(k);
    out["map" + at] = precisions / most;
    out["mrr" + at] = first;
  }
  return out;
}

/// Scores of few levels: ties at the top, ties across every cut-off, ties of all.
class TiedScores : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Levels, TiedScores, testing::Values(1, 2, 3, 12));

TEST_P(TiedScores, CountAtTheMeanOverShuffles) {
  constexpr int32_t kItems = 30;
  constexpr int kShuffles = 10000;
  const std::vector<int64_t> cut_offs = {1, 3, 7, 20, 30};
  RandomStream random = Rng(8).stream("ties");
  std::vector<int32_t> held, masked;
  for (int32_t i = 0; i < kItems; ++i) {
    const uint32_t where = random.below(5);
    if (where == 0) held.push_back(i);
    if (where == 1) masked.push_back(i);
  }
  const UserItems held_out(std::vector<int32_t>(held.size()), held, 1);
  const UserItems mask(std::vector<int32_t>(masked.size()), masked, 1);
  const ScoreMatrix scores = ScoreMatrix::random(1, kItems, GetParam());
  const FactorView view = scores.view();
  std::map<std::string, double> sums, squares;
  std::vector<int32_t> order;
  for (int32_t i = 0; i < kItems; ++i) {
    if (!mask.has(0, i)) order.push_back(i);
  }
  for (int n = 0; n < kShuffles; ++n) {
    std::vector<int32_t> shuffled = order;
    shuffle(shuffled, Rng(8).stream("order", n));
    std::ranges::stable_sort(
        shuffled, [&](int32_t a, int32_t b) { return view.score(0, a) > view.score(0, b); });
    for (const auto& [name, value] : figures_of(shuffled, held_out.of(0), cut_offs)) {
      sums[name] += value;
      squares[name] += value * value;
    }
  }
  const auto got = figures(view, held_out, mask, merged(held_out, mask), cut_offs);
  ASSERT_EQ(got.size(), sums.size() + 1);  // and auc
  for (const auto& [name, sum] : sums) {
    const double mean = sum / kShuffles;
    const double error =
        std::sqrt(std::max(0.0, squares[name] / kShuffles - mean * mean) / kShuffles);
    EXPECT_NEAR(got.at(name), mean, 5 * error + 1e-12) << name;
  }
}

TEST(RankingMetrics, OfAConstantModelAreThoseOfChance) {
  constexpr int32_t kItems = 1000;
  const FactorView constant{1, kItems};
  const std::vector<int32_t> users = {0, 0}, items = {0, 1};  // earlier rows do not win
  const UserItems held_out(users, items, 1), none({}, {}, 1);
  const auto got = figures(constant, held_out, none, held_out, {10});
  EXPECT_DOUBLE_EQ(got.at("recall@10"), 10.0 / kItems);
  EXPECT_DOUBLE_EQ(got.at("hit@10"), 1 - (990.0 / 1000) * (989.0 / 999));
  EXPECT_EQ(got.at("auc"), 0.5);
}

TEST(RankingMetrics, OfWarmPairsAreThoseWithoutTheColdOnes) {
  const RandomCase c;
  std::vector<char> cold_user(RandomCase::kUsers), cold_item(RandomCase::kItems);
  for (size_t u = 0; u < cold_user.size(); u += 7) cold_user[u] = 1;
  for (size_t i = 0; i < cold_item.size(); i += 9) cold_item[i] = 1;
  std::vector<int32_t> users, items;
  for (int32_t u = 0; u < RandomCase::kUsers; ++u) {
    for (const int32_t i : c.held_out.of(u)) {
      if (cold_user[u] || cold_item[i]) continue;
      users.push_back(u);
      items.push_back(i);
    }
  }
  const UserItems warm(users, items, RandomCase::kUsers);
  const FactorView view = c.scores.view();
  const std::vector<int64_t> k = {1, 5, 40};
  const auto got =
      ranking_metrics(view, {&c.held_out, &c.masked, &c.all, k, 2, cold_user, cold_item});
  // What is left out is no negative of auc, and a candidate of all else.
  const auto alone = ranking_metrics(view, {&warm, &c.masked, &c.all, k, 2});
  ASSERT_EQ(got.warm.size(), alone.all.size());
  for (size_t n = 0; n < alone.all.size(); ++n) {
    EXPECT_EQ(got.warm[n].first, alone.all[n].first);
    EXPECT_DOUBLE_EQ(got.warm[n].second, alone.all[n].second) << alone.all[n].first;
  }
  EXPECT_EQ(got.all, ranking_metrics(view, {&c.held_out, &c.masked, &c.all, k, 2}).all);
  EXPECT_TRUE(alone.warm.empty());
}

TEST(RankingMetrics, AreEmptyWithoutHeldOutItems) {
  const FactorView constant{2, 4};
  const UserItems none({}, {}, 2);
  EXPECT_TRUE(ranking_metrics(constant, {&none, &none, &none, {1}, 1}).all.empty());
}

// No negative exists for a user whose parts hold the whole catalogue: there is no AUC to take the
// mean of.
TEST(RankingMetrics, LeaveAucOutWhereNoUserHasANegative) {
  const FactorView constant{1, 2};
  const std::vector<int32_t> users = {0, 0}, items = {0, 1};
  const UserItems both(users, items, 1), none({}, {}, 1);
  const auto got = figures(constant, both, none, both, {1});
  EXPECT_EQ(got.count("auc"), 0u);
  EXPECT_EQ(got.at("hit@1"), 1);
}

}  // namespace
}  // namespace latent
