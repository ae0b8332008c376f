#include "src/data/split.h"

#include <algorithm>

#include "src/base/rng.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

using Tuple = std::tuple<int32_t, int32_t, float, int64_t>;

std::vector<Tuple> tuples(const Interactions& rows) {
  std::vector<Tuple> out;
  for (int64_t n = 0; n < rows.size(); ++n) {
    out.emplace_back(rows.user[n], rows.item[n], rows.rating[n],
                     rows.has_time() ? rows.time[n] : 0);
  }
  return out;
}

/// Rows that repeat some pairs; `most_times` distinct times, 0: no time.
Interactions random_rows(int64_t n, uint32_t most_times, uint64_t seed = 1) {
  RandomStream random = Rng(seed).stream("rows");
  Interactions rows;
  for (int64_t k = 0; k < n; ++k) {
    rows.push(static_cast<int32_t>(random.below(30)), static_cast<int32_t>(random.below(10)),
              static_cast<float>(random.below(5)));
    if (most_times > 0) rows.time.push_back(random.below(most_times));
  }
  return rows;
}

void expect_disjoint_and_complete(const Interactions& rows, const Split& split) {
  std::vector<Tuple> together = tuples(split.train), expected = tuples(rows);
  for (const Interactions* part : {&split.valid, &split.test}) {
    for (const Tuple& row : tuples(*part)) together.push_back(row);
  }
  std::sort(together.begin(), together.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(together, expected);
}

SplitOptions shares(double test, double valid, const std::string& kind = "random") {
  SplitOptions options;
  options.test = test;
  options.valid = valid;
  options.kind = kind;
  return options;
}

TEST(SplitByRow, DrawsEachRowsPartByItsNumberAndKeepsTheirOrder) {
  for (const int64_t n : {1, 1000, 70000}) {
    Interactions rows;
    for (int64_t k = 0; k < n; ++k)
      rows.push(static_cast<int32_t>(k), 0, static_cast<float>(k % 5));
    SplitOptions options = shares(0.2, 0.1, "by_row");
    options.seed = 3;
    Split expected;
    for (int64_t k = 0; k < n; ++k) {
      RandomStream stream = Rng(3).stream("split_row", k / 65536);
      double draw = 0;
      for (int64_t before = k / 65536 * 65536; before <= k; ++before) draw = stream.uniform();
      (draw < 0.2 ? expected.test : draw < 0.2 + 0.1 ? expected.valid : expected.train)
          .push_from(rows, k);
      if (k == 2000) k = std::max<int64_t>(k, n - 2000);  // the twin takes a square of steps
    }
    const Split split = split_rows(rows, static_cast<int32_t>(n), options);
    const auto within = [&](const Interactions& part) {
      std::vector<int32_t> users;
      for (const int32_t u : part.user) {
        if (u <= 2000 || u > n - 2000) users.push_back(u);
      }
      return users;
    };
    EXPECT_EQ(within(split.train), within(expected.train));
    EXPECT_EQ(within(split.valid), within(expected.valid));
    EXPECT_EQ(within(split.test), within(expected.test));
    expect_disjoint_and_complete(rows, split);
    EXPECT_TRUE(std::ranges::is_sorted(split.train.user));
    if (n > 10000) {
      EXPECT_NEAR(static_cast<double>(split.test.size()) / static_cast<double>(n), 0.2, 0.01);
    }
  }
}

// What more rows do not change: the parts of those before them.
TEST(SplitByRow, LeavesEarlierRowsWhereTheyAreWhenMoreCome) {
  const Interactions more = random_rows(900, 0);
  Interactions rows = more;
  rows.truncate(500);
  const Split before = split_rows(rows, 30, shares(0.2, 0, "by_row")),
              after = split_rows(more, 30, shares(0.2, 0, "by_row"));
  const std::vector<Tuple> few = tuples(before.test), many = tuples(after.test);
  ASSERT_LE(few.size(), many.size());
  EXPECT_TRUE(std::equal(few.begin(), few.end(), many.begin()));
}

TEST(RandomSplit, IsDisjointAndCompleteAsMultisets) {
  for (const uint32_t times : {0u, 20u}) {
    const Interactions rows = random_rows(997, times);
    for (const auto& [test, valid] :
         {std::pair(0.1, 0.0), {0.1, 0.1}, {0.0, 0.0}, {0.5, 0.4}, {0.0, 0.3}}) {
      expect_disjoint_and_complete(rows, split_rows(rows, 30, shares(test, valid)));
    }
  }
}

TEST(RandomSplit, CutsWhereTheNotebookDoes) {
  for (int64_t n = 1; n <= 3000; n = n < 200 ? n + 1 : n + 37) {
    const Split split = split_rows(random_rows(n, 0), 30, shares(0.1, 0));
    EXPECT_EQ(split.train.size(), static_cast<int64_t>(static_cast<double>(n) * 0.9))
        << n;  // int(n * .9)
  }
  // Shares that binary fractions miss by a hair are taken as meant.
  EXPECT_EQ(split_rows(random_rows(100, 0), 30, shares(0, 0.29)).valid.size(), 29);
  EXPECT_EQ(split_rows(random_rows(10, 0), 30, shares(0.9, 0)).train.size(), 1);
  const Split split = split_rows(random_rows(1000, 0), 30, shares(0.2, 0.1));
  EXPECT_EQ(split.train.size(), 700);
  EXPECT_EQ(split.valid.size(), 100);
  EXPECT_EQ(split.test.size(), 200);
}

TEST(RandomSplit, LeavesPartsOfShareZeroEmpty) {
  const Split split = split_rows(random_rows(100, 0), 30, shares(0, 0));
  EXPECT_EQ(split.train.size(), 100);
  EXPECT_EQ(split.valid.size() + split.test.size(), 0);
}

TEST(RandomSplit, DependsOnTheSeedAlone) {
  const Interactions rows = random_rows(500, 0);
  SplitOptions one = shares(0.1, 0.1), two = one;
  two.seed = 1;
  EXPECT_EQ(tuples(split_rows(rows, 30, one).test), tuples(split_rows(rows, 30, one).test));
  EXPECT_NE(tuples(split_rows(rows, 30, one).test), tuples(split_rows(rows, 30, two).test));
}

// From a Python twin of the stream: a run's test rows must not change under its feet.
TEST(RandomSplit, KeepsItsPermutation) {
  Interactions rows;
  for (int32_t n = 0; n < 10; ++n) rows.push(n, 0, 1);
  SplitOptions options = shares(0.2, 0.3);
  options.seed = 42;
  const Split split = split_rows(rows, 10, options);
  EXPECT_EQ(split.train.user, (std::vector<int32_t>{3, 6, 4, 9, 0}));
  EXPECT_EQ(split.valid.user, (std::vector<int32_t>{1, 2, 7}));
  EXPECT_EQ(split.test.user, (std::vector<int32_t>{8, 5}));
}

TEST(SplitRows, RefusesSharesThatLeaveNothing) {
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, split_rows(random_rows(10, 0), 30, shares(0.6, 0.4))),
            "split.test and split.valid together must be below 1");
}

TEST(LeaveOneOutSplit, PutsEachUsersNewestItemInTest) {
  // A row or two a user, and more than a sort of a few elements keeps in order by chance; without
  // time, with many ties, with few.
  for (const auto& [n, times] :
       {std::pair(50, 0u), {50, 5u}, {3000, 0u}, {3000, 5u}, {3000, 100000u}}) {
    const Interactions rows = random_rows(n, times, times);
    const Split split = split_rows(rows, 30, shares(0.1, 0.1, "leave_one_out"));
    expect_disjoint_and_complete(rows, split);
    for (int32_t u = 0; u < 30; ++u) {
      std::vector<Tuple> own;
      for (const Tuple& row : tuples(rows)) {
        if (std::get<0>(row) == u) own.push_back(row);
      }
      // Ties in time go by file order.
      std::stable_sort(own.begin(), own.end(), [](const Tuple& a, const Tuple& b) {
        return std::get<3>(a) < std::get<3>(b);
      });
      std::vector<Tuple> in_valid, in_test;
      for (const Tuple& row : tuples(split.valid)) {
        if (std::get<0>(row) == u) in_valid.push_back(row);
      }
      for (const Tuple& row : tuples(split.test)) {
        if (std::get<0>(row) == u) in_test.push_back(row);
      }
      EXPECT_EQ(in_test,
                own.size() >= 2 ? std::vector<Tuple>{own[own.size() - 1]} : std::vector<Tuple>{});
      EXPECT_EQ(in_valid,
                own.size() >= 3 ? std::vector<Tuple>{own[own.size() - 2]} : std::vector<Tuple>{});
    }
  }
}

TEST(LeaveOneOutSplit, SharesOfZeroTurnPartsOff) {
  const Interactions rows = random_rows(300, 50);
  EXPECT_EQ(split_rows(rows, 30, shares(0, 0, "leave_one_out")).train.size(), 300);
  EXPECT_EQ(split_rows(rows, 30, shares(0.1, 0, "leave_one_out")).valid.size(), 0);
  const Split valid_only = split_rows(rows, 30, shares(0, 0.1, "leave_one_out"));
  EXPECT_EQ(valid_only.test.size(), 0);
  EXPECT_EQ(valid_only.valid.size(), 30);
}

/// Three small files and options that read them, without a cache.
struct Files {
  TemporaryFolder folder;
  DataOptions data;
  SplitOptions split = shares(0.1, 0, "files");
  Files() {
    data.cache_dir = "none";
    data.path = folder.write("train", "u1,i1,1\nu2,i2,2\nu1,i2,3\nu2,i1,4\n");
    data.valid_path = folder.write("valid", "u3,i1,5\n");
    data.test_path = folder.write("test", "u1,i3,6\nu4,i3,7\n");
  }
};

TEST(LoadDataset, FilesKeepTheirPartsAndIdsRunOverTrainValidTest) {
  const Files f;
  const SplitDataset got = load_dataset(f.data, f.split);
  EXPECT_EQ(got.users.names(), (std::vector<std::string>{"u1", "u2", "u3", "u4"}));
  EXPECT_EQ(got.items.names(), (std::vector<std::string>{"i1", "i2", "i3"}));
  EXPECT_EQ(got.parts.train.rating, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(got.parts.valid.rating, (std::vector<float>{5}));
  EXPECT_EQ(got.parts.test.rating, (std::vector<float>{6, 7}));
  EXPECT_EQ(got.parts.test.item, (std::vector<int32_t>{2, 2}));
}

TEST(LoadDataset, CarvesAValidationPartWhereNoFileGivesOne) {
  Files f;
  f.data.valid_path.clear();
  f.split.valid = 0.5;
  const SplitDataset got = load_dataset(f.data, f.split);
  EXPECT_EQ(got.parts.train.size(), 2);
  EXPECT_EQ(got.parts.valid.size(), 2);
  EXPECT_EQ(got.parts.test.rating, (std::vector<float>{6, 7}));
  Column<float> both = got.parts.train.rating;
  both.insert(both.end(), got.parts.valid.rating.begin(), got.parts.valid.rating.end());
  std::sort(both.begin(), both.end());
  EXPECT_EQ(both, (std::vector<float>{1, 2, 3, 4}));
}

TEST(LoadDataset, FiltersBeforeItSplits) {
  Files f;
  f.data.valid_path.clear();
  f.data.test_path.clear();
  f.data.positive_at_least = 3;
  const SplitDataset got = load_dataset(f.data, shares(0.5, 0));
  EXPECT_EQ(got.parts.train.size(), 1);
  EXPECT_EQ(got.parts.test.size(), 1);
  EXPECT_EQ(got.items.names(), (std::vector<std::string>{"i2", "i1"}));
}

// As in the notebook: an id that only the test part has keeps a row of its own.
TEST(LoadDataset, NumbersIdsBeforeTheSplit) {
  Files f;
  f.data.valid_path.clear();
  f.data.test_path.clear();
  for (int64_t seed = 0; seed < 5; ++seed) {
    SplitOptions options = shares(0.5, 0.25);
    options.seed = seed;
    EXPECT_EQ(load_dataset(f.data, options).users.names(), (std::vector<std::string>{"u1", "u2"}));
  }
}

TEST(LoadDataset, LeavesOneOutByTheTimeColumn) {
  const TemporaryFolder folder;
  DataOptions data;
  data.cache_dir = "none";
  data.path = folder.write("f", "user,item,rating,timestamp\nu,new,1,30\nu,old,2,10\nu,mid,3,20\n");
  EXPECT_EQ(load_dataset(data, shares(0.1, 0.1, "leave_one_out")).parts.test.rating,
            (std::vector<float>{1}));
  data.time = "none";  // file order is time order
  EXPECT_EQ(load_dataset(data, shares(0.1, 0.1, "leave_one_out")).parts.test.rating,
            (std::vector<float>{3}));
}

TEST(LoadDataset, SaysWhichKnobsDoNotFitTogether) {
  Files f;
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, load_dataset({}, {})), "data.path is not set"));
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, load_dataset(f.data, shares(0.1, 0))),
            "data.valid_path and data.test_path need split.kind = files, not random");
  f.data.valid_path.clear();
  f.data.test_path.clear();
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, load_dataset(f.data, f.split)),
            "split.kind = files needs data.test_path or data.valid_path");
  f.data.path = f.folder.write("one", "u,i,1\n");
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, load_dataset(f.data, shares(0.5, 0))),
            f.data.path + ": no training rows left by the split; lower split.test and split.valid");
}

}  // namespace
}  // namespace latent
