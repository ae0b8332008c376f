#include "src/data/interactions.h"

#include <gtest/gtest.h>

#include <numeric>

namespace latent {
namespace {

Interactions numbered(int64_t n, bool with_time) {
  Interactions rows;
  for (int64_t k = 0; k < n; ++k) {
    rows.push(static_cast<int32_t>(k), static_cast<int32_t>(2 * k), static_cast<float>(k % 7));
    if (with_time) rows.time.push_back(3 * k);
  }
  return rows;
}

void expect_rows(const Interactions& rows, const std::vector<int64_t>& numbers) {
  const Interactions all = numbered(static_cast<int64_t>(numbers.size()), true);
  ASSERT_EQ(rows.size(), static_cast<int64_t>(numbers.size()));
  for (size_t n = 0; n < numbers.size(); ++n) {
    EXPECT_EQ(rows.user[n], all.user[numbers[n]]);
    EXPECT_EQ(rows.item[n], all.item[numbers[n]]);
    EXPECT_EQ(rows.rating[n], all.rating[numbers[n]]);
    if (rows.has_time()) {
      EXPECT_EQ(rows.time[n], all.time[numbers[n]]);
    }
  }
}

std::vector<int64_t> range(int64_t from, int64_t to) {
  std::vector<int64_t> out(to - from);
  std::iota(out.begin(), out.end(), from);
  return out;
}

TEST(Interactions, AreShuffledAsAListOfTheirNumbersIs) {
  for (const int64_t n : {0, 1, 2, 3, 31, 32, 33, 34, 64, 65, 1000}) {
    for (const bool with_time : {false, true}) {
      Interactions rows = numbered(n, with_time);
      shuffle(rows, Rng(5).stream("order"));
      std::vector<int64_t> order = range(0, n);
      shuffle(order, Rng(5).stream("order"));
      expect_rows(rows, order);
    }
  }
}

// Small, and so large that memory goes back to the system and comes again.
TEST(Interactions, AreCutOffAndGrowAgain) {
  for (const int64_t n : {10, 1'000'000}) {
    for (const bool with_time : {false, true}) {
      for (const int64_t kept : {n, n / 3, int64_t{0}}) {
        Interactions rows = numbered(n, with_time);
        const Interactions tail = rows.cut(kept);
        EXPECT_EQ(tail.has_time(), with_time && kept < n);
        ASSERT_EQ(rows.size(), kept);
        ASSERT_EQ(tail.size(), n - kept);
        EXPECT_EQ(rows.time.size(), with_time ? kept : 0);
        rows.append(tail);
        EXPECT_EQ(rows.user, numbered(n, with_time).user);
        EXPECT_EQ(rows.rating, numbered(n, with_time).rating);
        EXPECT_EQ(rows.time, numbered(n, with_time).time);
        rows.truncate(kept);
        EXPECT_EQ(rows.item, numbered(kept, with_time).item);
      }
    }
  }
}

TEST(ItemOffsets, AreItemMeansLessTheMeanPulledToItByDamping) {
  Interactions rows;
  for (const auto& [item, rating] : {std::pair(2, 5.f), std::pair(0, 1.f), std::pair(2, 4.f)})
    rows.push(0, item, rating);
  EXPECT_EQ(item_offsets(rows, 3, 4), (std::vector<float>{-2, 0, 1.5f, 0}));
  EXPECT_EQ(item_offsets(rows, 3, 4, /*damping=*/1), (std::vector<float>{-1, 0, 1, 0}));
}

}  // namespace
}  // namespace latent
