#include "src/data/row_counts.h"

#include <map>
#include <set>

#include "src/base/rng.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

TEST(CountRows, IsWhatASetAndAMapCount) {
  RandomStream random = Rng(1).stream("rows");
  for (const bool sorted : {true, false}) {
    for (const uint32_t distinct : {1u, 20u, 21u, 1000u}) {
      Dataset data;
      for (int k = 0; k < 300; ++k) data.users.add("u" + std::to_string(k));
      for (int k = 0; k < 50; ++k) data.items.add("i" + std::to_string(k));
      std::set<std::pair<int32_t, int32_t>> pairs;
      std::map<float, int64_t> ratings;
      std::vector<uint32_t> users(300), items(50);
      constexpr int kRows = 6000;
      double sum = 0;
      for (int n = 0; n < kRows; ++n) {
        const auto u = sorted ? n * 300 / kRows : static_cast<int32_t>(random.below(300));
        const auto i = static_cast<int32_t>(random.below(50));
        const float r = static_cast<float>(random.below(distinct)) / 3 - 1;
        data.rows.push(u, i, r);
        pairs.emplace(u, i);
        ++ratings[r], ++users[u], ++items[i];
        sum += r;
      }
      const RowCounts counts = count_rows(data, 20);
      EXPECT_EQ(counts.repeated_pairs, kRows - static_cast<int64_t>(pairs.size()));
      EXPECT_EQ(counts.of_user, users);
      EXPECT_EQ(counts.of_item, items);
      EXPECT_EQ(counts.rating_sum, sum);
      EXPECT_EQ(counts.rating_min, ratings.begin()->first);
      EXPECT_EQ(counts.rating_max, ratings.rbegin()->first);
      if (ratings.size() > 20) ratings.clear();
      const std::vector<std::pair<float, int64_t>> expected(ratings.begin(), ratings.end());
      EXPECT_EQ(counts.ratings, expected);
    }
  }
}

// Enough rows for several groups of users, gathered or in place.
TEST(CountRows, CountsRepeatsOverManyGroups) {
  Dataset data;
  const int32_t users = 2000, items = 7;
  for (int k = 0; k < users; ++k) data.users.add(std::to_string(k));
  for (int k = 0; k < items; ++k) data.items.add(std::to_string(k));
  for (const bool sorted : {true, false}) {
    data.rows = {};
    constexpr int kEach = 1500;
    for (int n = 0; n < users * kEach; ++n) {
      const int32_t u = sorted ? n / kEach : n % users;
      data.rows.push(u, static_cast<int32_t>((n * 2654435761u) >> 20) % items, 1);
    }
    std::vector<std::set<int32_t>> seen(users);
    int64_t repeats = 0;
    for (int64_t n = 0; n < data.rows.size(); ++n)
      repeats += !seen[data.rows.user[n]].insert(data.rows.item[n]).second;
    EXPECT_EQ(count_rows(data, 20).repeated_pairs, repeats);
  }
}

}  // namespace
}  // namespace latent
