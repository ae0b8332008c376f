#include "src/metrics/ranking.h"

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
       ranking_metrics(model, {&held_out, &masked, &all, std::move(cut_offs), threads})) {
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
    const UserItems seen = merged(train_, valid_), all = merged(seen, test_);
    for (const char* mask : {"train", "train_valid"}) {
      const auto got =
          figures(model, test_, mask == std::string("train") ? train_ : seen, all, golden_.at("k"));
      EXPECT_EQ(got.size(), expected.at(mask).size() + 1);
      for (const auto& [name, value] : expected.at(mask).items()) {
        EXPECT_NEAR(got.at(name), value.get<double>(), 1e-12)
            << name << " masking " << mask << "; made by " << golden_.at("how");
      }
      EXPECT_NEAR(got.at("auc"), expected.at("auc").get<double>(), 1e-12) << golden_.at("how");
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

TEST(RankingMetrics, TiesGoToTheLowerIndexAndCountHalfInAuc) {
  const FactorView constant{1, 4};
  const std::vector<int32_t> user = {0}, second = {1};
  const UserItems held_out(user, second, 1), none({}, {}, 1);
  const auto got = figures(constant, held_out, none, held_out, {1, 2});
  EXPECT_EQ(got.at("hit@1"), 0);
  EXPECT_EQ(got.at("mrr@2"), 0.5);
  EXPECT_EQ(got.at("auc"), 0.5);
}

TEST(RankingMetrics, AreEmptyWithoutHeldOutItems) {
  const FactorView constant{2, 4};
  const UserItems none({}, {}, 2);
  EXPECT_TRUE(ranking_metrics(constant, {&none, &none, &none, {1}, 1}).empty());
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
