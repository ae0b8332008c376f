// Scores by a user's own items: strips, single pairs and a plain loop agree.
#include "src/score/item_item.h"

#include <optional>

#include "src/base/rng.h"
#include "src/score/ranker.h"
#include "tests/support.h"

namespace latent {
namespace {

/// Weights of which about half are there, and users with 0 to 12 items.
class RandomItemItem {
 public:
  RandomItemItem(int32_t users, int32_t items, uint64_t seed) : users_(users), items_(items) {
    RandomStream random = Rng(seed).stream("item item");
    std::vector<int32_t> user, item;
    for (int32_t u = 1; u < users; ++u) {  // the first one has none
      for (uint32_t n = random.below(13); n > 0; --n) {
        user.push_back(u);
        item.push_back(static_cast<int32_t>(random.below(static_cast<uint32_t>(items))));
      }
    }
    histories_ = UserItems(user, item, users);
    dense_.resize(int64_t{items} * items);
    start_.push_back(0);
    for (int32_t j = 0; j < items; ++j) {
      for (int32_t i = 0; i < items; ++i) {
        if (random.below(2) == 0) continue;
        const auto weight = static_cast<float>(random.normal());
        dense_[int64_t{j} * items + i] = weight;
        item_.push_back(i);
        weight_.push_back(weight);
      }
      start_.push_back(static_cast<int64_t>(item_.size()));
    }
  }

  FactorView view(bool dense) const {
    FactorView out{{users_, items_, 0}};
    out.similar.histories = histories_view();
    out.similar.items = items_;
    if (dense) {
      out.similar.dense = dense_.data();
    } else {
      out.similar.start = start_;
      out.similar.item = item_;
      out.similar.weight = weight_;
    }
    return out;
  }

  float plain(int32_t u, int32_t i) const {
    float sum = 0;
    for (const int32_t j : histories_.of(u)) sum += dense_[int64_t{j} * items_ + i];
    return sum;
  }

 private:
  UserItemsView histories_view() const { return {histories_.start, histories_.item}; }

  int32_t users_, items_;
  UserItems histories_;
  std::vector<float> dense_, weight_;
  std::vector<int64_t> start_;
  std::vector<int32_t> item_;
};

TEST(ItemItemScores, AreThePlainSumsToTheBitInStripsAndOneByOne) {
  for (const int32_t items : {1, 16, 127, 128, 129, 300}) {
    const RandomItemItem random(7, items, static_cast<uint64_t>(items));
    for (const bool dense : {true, false}) {
      const FactorView view = random.view(dense);
      const CatalogueScorer scorer(view);
      const std::vector<int32_t> users = {3, 0, 6, 1, 3};
      int32_t seen = 0;
      scorer.for_each_strip(users, [&](const ScoreStrip& strip) {
        for (size_t n = 0; n < users.size(); ++n) {
          for (int32_t k = 0; k < strip.items; ++k) {
            const float plain = random.plain(users[n], strip.first + k);
            ASSERT_EQ(strip.of(n)[k], plain) << items << " items, dense " << dense;
            ASSERT_EQ(view.score(users[n], strip.first + k), plain);
            ASSERT_EQ(scorer.score(users[n], strip.first + k), plain);
          }
        }
        seen += strip.items;
      });
      EXPECT_EQ(seen, items);
    }
  }
}

TEST(ItemItemScores, OfUsersAndItemsThatCameLaterAndOfUnknownOnesAreZero) {
  const RandomItemItem random(5, 40, 1);
  for (const bool dense : {true, false}) {
    FactorView view = random.view(dense);
    view.users = 9;
    view.items = 170;  // beyond the strip
    const Ranker ranker(view);
    for (const int32_t u : {0, 5, 8}) EXPECT_EQ(view.score(u, 3), 0);
    EXPECT_EQ(view.score(-1, 3), 0);
    EXPECT_EQ(view.score(2, -1), 0);
    for (const int32_t i : {40, 127, 128, 169}) EXPECT_EQ(view.score(4, i), 0);
    const std::vector<int32_t> users = {8, 4};
    const auto lists = ranker.rank_block(users, 170, {});
    ASSERT_EQ(lists[0].size(), 170u);
    for (int32_t n = 0; n < 170; ++n) EXPECT_EQ(lists[0][n].index, n);  // ties, in their order
    for (const Scored& one : lists[1])
      EXPECT_EQ(one.score, one.index < 40 ? random.plain(4, one.index) : 0);
  }
}

TEST(ItemItemScores, AreAddedToThoseOfTables) {
  const RandomItemItem random(4, 33, 2);
  FactorView view = random.view(/*dense=*/false);
  std::vector<float> beta(33, 0.5f);
  view.beta_item = beta.data();
  EXPECT_FLOAT_EQ(view.score(2, 7), 0.5f + random.plain(2, 7));
  EXPECT_EQ(CatalogueScorer(view).score(2, 7), view.score(2, 7));
}

}  // namespace
}  // namespace latent
