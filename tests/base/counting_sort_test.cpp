#include "src/base/counting_sort.h"

#include <algorithm>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(CountingSort, IsAStableSortByTheKey) {
  for (const int rows : {0, 1, 5, 3000}) {
    RandomStream s = Rng(1).stream("keys");
    std::vector<int64_t> key(rows), sorted(rows), expected(rows);
    for (auto& k : key) k = 1 + s.below(9);  // groups 0 and 10 stay empty
    std::iota(expected.begin(), expected.end(), 0);
    std::stable_sort(expected.begin(), expected.end(),
                     [&](int64_t a, int64_t b) { return key[a] < key[b]; });
    const std::vector<int64_t> start = counting_sort(
        rows, 11, [&](int64_t n) { return key[n]; },
        [&](int64_t n, int64_t place) { sorted[place] = n; });
    EXPECT_EQ(sorted, expected);
    ASSERT_EQ(start.size(), 12);
    for (int g = 0; g <= 11; ++g) {
      EXPECT_EQ(start[g], std::count_if(key.begin(), key.end(), [&](int64_t k) { return k < g; }));
    }
  }
}

TEST(CountingSort, AsksForRowsAheadThatExist) {
  const int64_t rows = 100;
  std::vector<int64_t> asked;
  const auto key = [](int64_t n) { return n % 3; };
  place_rows(
      group_starts(rows, 3, key), rows, key, [](int64_t, int64_t) {},
      [&](int64_t n, const std::vector<int64_t>& next) {
        EXPECT_EQ(next.size(), 3);
        asked.push_back(n);
      });
  EXPECT_GT(asked.front(), 0);
  EXPECT_EQ(asked.back(), rows - 1);
  EXPECT_TRUE(std::is_sorted(asked.begin(), asked.end()));
}

}  // namespace
}  // namespace latent
