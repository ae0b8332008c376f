#include "src/score/user_items.h"

#include <set>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 30, kItems = 25;
using Twin = std::vector<std::set<int32_t>>;

std::pair<UserItems, Twin> random_pairs(uint64_t seed, int count) {
  RandomStream random = Rng(seed).stream("pairs");
  std::vector<int32_t> users, items;
  Twin twin(kUsers);
  for (int n = 0; n < count; ++n) {
    users.push_back(static_cast<int32_t>(random.below(kUsers - 2)));  // the last users stay empty
    items.push_back(static_cast<int32_t>(random.below(kItems)));
    twin[users.back()].insert(items.back());
  }
  return {UserItems(users, items, kUsers), twin};
}

void expect_equal(const UserItems& got, const Twin& twin) {
  ASSERT_EQ(got.users(), kUsers);
  for (int32_t u = 0; u < kUsers; ++u) {
    const auto row = got.of(u);
    EXPECT_EQ(std::vector<int32_t>(row.begin(), row.end()),
              std::vector<int32_t>(twin[u].begin(), twin[u].end()))
        << "user " << u;
    for (int32_t i = 0; i < kItems; ++i)
      EXPECT_EQ(got.has(u, i), twin[u].count(i) == 1) << u << ", " << i;
  }
}

TEST(UserItems, EqualsASetForEachUser) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto [got, twin] = random_pairs(seed, static_cast<int>(seed) * 40);
    expect_equal(got, twin);
  }
}

TEST(UserItems, KeepsNoRepeats) {
  const std::vector<int32_t> users = {1, 1, 0, 1}, items = {5, 3, 5, 5};
  const UserItems got(users, items, 2);
  EXPECT_EQ(got.start, (std::vector<int64_t>{0, 1, 3}));
  EXPECT_EQ(got.item, (std::vector<int32_t>{5, 3, 5}));
}

TEST(Merged, IsTheUnionOfEachRow) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto [a, in_a] = random_pairs(seed, 100);
    const auto [b, in_b] = random_pairs(seed + 100, 150);
    Twin both = in_a;
    for (int32_t u = 0; u < kUsers; ++u) both[u].insert(in_b[u].begin(), in_b[u].end());
    expect_equal(merged(a, b), both);
  }
}

}  // namespace
}  // namespace latent
