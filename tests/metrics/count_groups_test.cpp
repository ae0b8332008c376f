#include "src/metrics/count_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "src/base/rng.h"

namespace latent {
namespace {

std::vector<int32_t> random_counts(size_t members, uint32_t most, uint64_t seed) {
  RandomStream stream = Rng(seed).stream("counts");
  std::vector<int32_t> out;
  for (size_t n = 0; n < members; ++n) out.push_back(static_cast<int32_t>(stream.below(most)));
  return out;
}

/// The definition: a member's group begins where the tenth begins that holds the last member of
/// its count, groups without a member of their own falling away. 0 is a group apart.
std::map<int32_t, int> groups_by_definition(std::vector<int32_t> counts) {
  std::erase(counts, 0);
  std::ranges::sort(counts);
  std::map<int32_t, int> out;
  int group = 0;
  size_t next = 0;
  for (size_t tenth = 1; tenth <= 10; ++tenth) {
    const size_t least = (counts.size() * tenth + 9) / 10;  // members that have to be in by now
    if (next >= least) continue;
    ++group;
    while (next < least || (next < counts.size() && counts[next] == counts[next - 1]))
      out[counts[next++]] = group;
  }
  return out;
}

TEST(CountGroups, AreTenthsOfDistinctCounts) {
  std::vector<int32_t> counts;
  for (int32_t n = 100; n >= 1; --n) counts.push_back(n);
  const CountGroups groups(counts);
  ASSERT_EQ(groups.groups().size(), 10u);
  for (size_t g = 0; g < 10; ++g) {
    EXPECT_EQ(groups.groups()[g].lowest, static_cast<int32_t>(10 * g + 1));
    EXPECT_EQ(groups.groups()[g].highest, static_cast<int32_t>(10 * g + 10));
    EXPECT_EQ(groups.groups()[g].members, 10);
    EXPECT_DOUBLE_EQ(groups.groups()[g].mean, 10.0 * static_cast<double>(g) + 5.5);
  }
}

TEST(CountGroups, KeepEqualCountsTogether) {
  const CountGroups groups(std::vector<int32_t>{1, 1, 1, 1, 1, 1, 1, 1, 1, 7});
  ASSERT_EQ(groups.groups().size(), 2u);
  EXPECT_EQ(groups.groups()[0].members, 9);
  EXPECT_EQ(groups.groups()[1].members, 1);
  EXPECT_EQ(groups.of(7), 1u);
}

TEST(CountGroups, PutThoseWithoutACountFirstAndApart) {
  const CountGroups groups(std::vector<int32_t>{0, 5, 0, 5, 6});
  ASSERT_EQ(groups.groups().size(), 3u);
  EXPECT_EQ(groups.groups()[0].highest, 0);
  EXPECT_EQ(groups.groups()[0].members, 2);
  EXPECT_EQ(groups.of(0), 0u);
  EXPECT_EQ(groups.of(5), 1u);
  EXPECT_EQ(groups.of(6), 2u);
}

TEST(CountGroups, AreThoseOfTheDefinition) {
  for (const uint32_t most : {2u, 5u, 40u, 1000u}) {
    for (const size_t members : {1u, 7u, 10u, 33u, 500u}) {
      const auto counts = random_counts(members, most, most + members);
      const CountGroups groups(counts);
      const auto expected = groups_by_definition(counts);
      const auto without = static_cast<size_t>(std::ranges::count(counts, 0) > 0);
      std::map<size_t, int64_t> sizes;
      for (const int32_t count : counts) {
        const size_t group = groups.of(count);
        ++sizes[group];
        ASSERT_EQ(group, count == 0 ? 0 : static_cast<size_t>(expected.at(count)) - 1 + without)
            << count << " of " << members << " up to " << most;
      }
      ASSERT_EQ(sizes.size(), groups.groups().size());
      for (const auto& [group, size] : sizes) EXPECT_EQ(groups.groups()[group].members, size);
    }
  }
}

TEST(CountGroups, OfNobodyAreNone) { EXPECT_TRUE(CountGroups({}).groups().empty()); }

}  // namespace
}  // namespace latent
