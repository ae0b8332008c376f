// filter_rows: zeros, thresholds, duplicates, k-core.
#include "src/base/rng.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

using Rows = std::vector<NamedRow>;

RawData raw_of(const std::vector<Rows>& parts) {
  RawData raw;
  for (const Rows& part : parts) {
    for (const auto& [user, item, rating] : part) {
      raw.data.rows.push(raw.data.users.add(user), raw.data.items.add(item),
                         static_cast<float>(rating));
      raw.data.rows.time.push_back(raw.data.rows.size() * 10);
    }
    raw.part_ends.push_back(raw.data.rows.size());
  }
  return raw;
}

Rows filtered(const std::vector<Rows>& parts, const DataOptions& options) {
  RawData raw = raw_of(parts);
  filter_rows(raw, options);
  return named_rows(raw.data);
}

DataOptions duplicates(const std::string& policy) {
  DataOptions options;
  options.duplicates = policy;
  return options;
}

TEST(FilterRows, KeepsEverythingByDefault) {
  const Rows rows = {{"a", "x", 0}, {"a", "x", 5}, {"b", "y", -1}};
  EXPECT_EQ(filtered({rows}, {}), rows);
}

TEST(FilterRows, DropZeroDropsOnlyZeros) {
  DataOptions options;
  options.drop_zero = true;
  EXPECT_EQ(filtered({{{"a", "x", 0}, {"a", "y", 1}, {"b", "x", -1}, {"b", "y", -0.0}}}, options),
            (Rows{{"a", "y", 1}, {"b", "x", -1}}));
}

TEST(FilterRows, PositiveAtLeastKeepsTheThresholdItself) {
  DataOptions options;
  options.positive_at_least = 3.5;
  EXPECT_EQ(filtered({{{"a", "x", 3}, {"a", "y", 3.5}, {"b", "x", 5}}}, options),
            (Rows{{"a", "y", 3.5}, {"b", "x", 5}}));
}

TEST(FilterRows, NumbersIdsAnewByFirstAppearanceAmongTheRowsThatStay) {
  RawData raw = raw_of({{{"dropped", "x", 0}, {"b", "y", 1}, {"a", "x", 1}, {"b", "x", 2}}});
  DataOptions options;
  options.drop_zero = true;
  filter_rows(raw, options);
  EXPECT_EQ(raw.data.users.names(), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(raw.data.items.names(), (std::vector<std::string>{"y", "x"}));
  EXPECT_EQ(raw.data.rows.user, (std::vector<int32_t>{0, 1, 0}));
  EXPECT_EQ(raw.data.rows.time, (std::vector<double>{20, 30, 40}));  // the times go with their rows
}

TEST(FilterRows, SettlesDuplicatesByEachPolicy) {
  const Rows rows = {{"a", "x", 1}, {"b", "x", 9}, {"a", "x", 2}, {"a", "y", 7}, {"a", "x", 6}};
  EXPECT_EQ(filtered({rows}, duplicates("keep")), rows);
  EXPECT_EQ(filtered({rows}, duplicates("once")),
            (Rows{{"a", "x", 1}, {"b", "x", 9}, {"a", "y", 7}}));
  EXPECT_EQ(filtered({rows}, duplicates("last")),
            (Rows{{"b", "x", 9}, {"a", "y", 7}, {"a", "x", 6}}));
  EXPECT_EQ(filtered({rows}, duplicates("mean")),
            (Rows{{"a", "x", 3}, {"b", "x", 9}, {"a", "y", 7}}));
}

TEST(FilterRows, SettlesDuplicatesWithinAPartOnly) {
  const std::vector<Rows> parts = {{{"a", "x", 1}, {"a", "x", 2}}, {{"a", "x", 3}}};
  EXPECT_EQ(filtered(parts, duplicates("last")), (Rows{{"a", "x", 2}, {"a", "x", 3}}));
}

TEST(FilterRows, SettlesDuplicatesAmongTheRowsThatStay) {
  DataOptions options = duplicates("mean");
  options.drop_zero = true;
  EXPECT_EQ(filtered({{{"a", "x", 0}, {"a", "x", 4}, {"a", "x", 2}}}, options),
            (Rows{{"a", "x", 3}}));
}

TEST(FilterRows, MovesTheEndsOfTheParts) {
  RawData raw = raw_of({{{"a", "x", 0}, {"a", "y", 1}},
                        {{"b", "x", 0}},
                        {},
                        {{"b", "y", 2}, {"c", "y", 0}, {"c", "z", 3}}});
  DataOptions options;
  options.drop_zero = true;
  filter_rows(raw, options);
  EXPECT_EQ(raw.part_ends, (std::vector<int64_t>{1, 1, 1, 3}));
}

/// The definition: drop every row of a rare user or item at once, count again, until nothing
/// changes.
Rows plain_k_core(Rows rows, int64_t min_user, int64_t min_item) {
  while (true) {
    std::map<std::string, int64_t> users, items;
    for (const auto& [u, i, r] : rows) {
      ++users[u];
      ++items[i];
    }
    const size_t gone = std::erase_if(rows, [&](const NamedRow& row) {
      return users[std::get<0>(row)] < min_user || items[std::get<1>(row)] < min_item;
    });
    if (gone == 0) return rows;
  }
}

TEST(FilterRows, KCoreEqualsItsDefinition) {
  RandomStream random = Rng(5).stream("k_core");
  int non_trivial = 0;
  for (int run = 0; run < 200; ++run) {
    Rows rows;
    for (int n = 0; n < 120; ++n) {
      // Squares make some ids rare.
      const uint32_t u = random.below(8) * random.below(8), i = random.below(6) * random.below(6);
      rows.emplace_back("u" + std::to_string(u), "i" + std::to_string(i), 1);
    }
    DataOptions options;
    options.min_user = random.below(7);
    options.min_item = random.below(9);
    const Rows expected = plain_k_core(rows, options.min_user, options.min_item);
    if (expected.empty()) {
      EXPECT_THROW(filtered({rows}, options), Error);
    } else {
      EXPECT_EQ(filtered({rows}, options), expected)
          << "min_user " << options.min_user << ", min_item " << options.min_item;
      non_trivial += expected.size() < rows.size();
    }
  }
  EXPECT_GT(non_trivial, 50);
}

TEST(FilterRows, SaysThatNoInteractionsAreLeft) {
  DataOptions options;
  options.path = "ratings.csv";
  options.positive_at_least = 6;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, filtered({{{"a", "x", 5}, {"b", "x", 4}}}, options)),
            "ratings.csv: no interactions left of 2 rows; see data.where, data.missing, "
            "data.drop_zero, data.positive_at_least, data.min_user, data.min_item");
}

}  // namespace
}  // namespace latent
