#include "src/metrics/held_out_places.h"

#include <algorithm>
#include <numeric>

#include "src/metrics/ranking.h"
#include "tests/metrics/score_matrix.h"

namespace latent {
namespace {

UserItems random_pairs(int32_t users, int32_t items, size_t pairs, uint64_t seed) {
  RandomStream stream = Rng(seed).stream("pairs");
  std::vector<int32_t> user, item;
  for (size_t n = 0; n < pairs; ++n) {
    user.push_back(static_cast<int32_t>(stream.below(static_cast<uint32_t>(users))));
    item.push_back(static_cast<int32_t>(stream.below(static_cast<uint32_t>(items))));
  }
  return UserItems(user, item, users);
}

struct World {
  explicit World(uint32_t levels)
      : scores(ScoreMatrix::random(kUsers, kItems, levels)),
        masked(random_pairs(kUsers, kItems, 900, 3)),
        held_out(without(random_pairs(kUsers, kItems, 400, 4), masked)) {
    for (int32_t u = 0; u < kUsers; ++u) {
      if (!held_out.of(u).empty()) users.push_back(u);
    }
  }

  static constexpr int32_t kUsers = 130, kItems = 150;  // more than a block, more than a strip
  ScoreMatrix scores;
  UserItems masked, held_out;
  std::vector<int32_t> users;
};

TEST(HeldOutPlaces, CountTheCandidatesAboveAndBeside) {
  for (const uint32_t levels : {3u, 40u, 1'000'000u}) {
    const World world(levels);
    const FactorView model = world.scores.view();
    const auto places = held_out_places(model, world.held_out, world.masked, world.users, 1);
    size_t at = 0;
    for (const int32_t u : world.users) {
      for (const int32_t i : world.held_out.of(u)) {
        int64_t better = 0, equal = 0;
        for (int32_t other = 0; other < World::kItems; ++other) {
          if (world.masked.has(u, other)) continue;
          better += model.score(u, other) > model.score(u, i);
          equal += model.score(u, other) == model.score(u, i);
        }
        ASSERT_LT(at, places.size());
        EXPECT_EQ(places[at].user, u);
        EXPECT_EQ(places[at].item, i);
        EXPECT_EQ(places[at].better, better);
        EXPECT_EQ(places[at].equal, equal);
        ++at;
      }
    }
    EXPECT_EQ(at, places.size());
  }
}

TEST(HeldOutPlaces, GiveTheMetricsTheirHitsAndRecall) {
  const World world(25);
  const FactorView model = world.scores.view();
  const auto places = held_out_places(model, world.held_out, world.masked, world.users, 2);
  double hits = 0, recall = 0;
  size_t from = 0;
  for (const int32_t u : world.users) {
    const std::span own = std::span(places).subspan(from, world.held_out.of(u).size());
    hits += chance_of_hit(own, 10);
    double found = 0;
    for (const HeldOutPlace& place : own) found += place.chance_within(10);
    recall += found / static_cast<double>(own.size());
    from += own.size();
  }
  const UserItems all = merged(world.masked, world.held_out);
  const RankingFigures figures =
      ranking_metrics(model, {&world.held_out, &world.masked, &all, {10}});
  const auto users = static_cast<double>(world.users.size());
  int seen = 0;
  for (const auto& [name, value] : figures.all) {
    seen += name == "hit@10" || name == "recall@10";
    if (name == "hit@10") {
      EXPECT_NEAR(hits / users, value, 1e-12);
    } else if (name == "recall@10") {
      EXPECT_NEAR(recall / users, value, 1e-12);
    }
  }
  EXPECT_EQ(seen, 2);
}

TEST(HeldOutPlaces, OfATieAreItsMeanPlace) {
  const HeldOutPlace place{.user = 0, .item = 0, .better = 8, .equal = 4};
  EXPECT_EQ(place.place(), 10.5);
  EXPECT_EQ(place.chance_within(8), 0);
  EXPECT_EQ(place.chance_within(10), 0.5);
  EXPECT_EQ(place.chance_within(12), 1);
}

}  // namespace
}  // namespace latent
