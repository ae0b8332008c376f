// Splits by time, within each user, and by fold.
#include <algorithm>
#include <set>

#include "src/base/rng.h"
#include "src/data/split.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

constexpr int32_t kUsers = 30;

/// Rows whose ratings are their numbers; `most_times` distinct times, 0: no time.
Interactions numbered_rows(int64_t n, uint32_t most_times, uint64_t seed = 1) {
  RandomStream random = Rng(seed).stream("rows");
  Interactions rows;
  for (int64_t k = 0; k < n; ++k) {
    rows.push(static_cast<int32_t>(random.below(kUsers)), static_cast<int32_t>(random.below(10)),
              static_cast<float>(k));
    if (most_times > 0) rows.time.push_back(random.below(most_times));
  }
  return rows;
}

using Numbers = std::vector<int64_t>;

Numbers numbers(const Interactions& rows) { return {rows.rating.begin(), rows.rating.end()}; }

Numbers sorted(Numbers values) {
  std::ranges::sort(values);
  return values;
}

/// Numbers of the rows in [begin, end) of the order by time, then by place.
Numbers oldest_first(const Interactions& rows, Numbers of) {
  if (rows.has_time()) std::ranges::stable_sort(of, {}, [&](int64_t n) { return rows.time[n]; });
  return of;
}

Numbers all_of(const Interactions& rows) {
  Numbers out(rows.size());
  for (int64_t n = 0; n < rows.size(); ++n) out[n] = n;
  return out;
}

SplitOptions options_of(const std::string& kind, double test, double valid) {
  SplitOptions options;
  options.kind = kind;
  options.test = test;
  options.valid = valid;
  return options;
}

/// Every row once, each part in the order of the rows.
void expect_whole_and_in_order(const Interactions& rows, const Split& split) {
  Numbers together;
  for (const Interactions* part : {&split.train, &split.valid, &split.test}) {
    const Numbers own = numbers(*part);
    EXPECT_TRUE(std::ranges::is_sorted(own));
    together.insert(together.end(), own.begin(), own.end());
    EXPECT_EQ(part->has_time(), rows.has_time() && part->size() > 0);
    for (int64_t n = 0; n < part->size(); ++n) {
      EXPECT_EQ(part->user[n], rows.user[own[n]]);
      EXPECT_EQ(part->item[n], rows.item[own[n]]);
      EXPECT_EQ(part->has_time() ? part->time[n] : 0, rows.has_time() ? rows.time[own[n]] : 0);
    }
  }
  EXPECT_EQ(sorted(together), all_of(rows));
}

TEST(TimeSplit, PutsTheNewestShareInTestAndTheNextInValid) {
  for (const auto& [n, times] :
       {std::pair(7, 3u), {997, 0u}, {997, 1u}, {997, 20u}, {1000, 1000000u}}) {
    const Interactions rows = numbered_rows(n, times);
    for (const auto& [test, valid] : {std::pair(0.1, 0.0), {0.2, 0.1}, {0.0, 0.3}, {0.5, 0.4}}) {
      const Split split = split_rows(rows, kUsers, options_of("time", test, valid));
      const Split random = split_rows(rows, kUsers, options_of("random", test, valid));
      expect_whole_and_in_order(rows, split);
      const Numbers order = oldest_first(rows, all_of(rows));
      const auto test_begin = order.end() - random.test.size();
      const auto valid_begin = test_begin - random.valid.size();
      EXPECT_EQ(numbers(split.test), sorted({test_begin, order.end()}));
      EXPECT_EQ(numbers(split.valid), sorted({valid_begin, test_begin}));
    }
  }
}

TEST(TimeSplit, ByDateKeepsEqualTimesOnOneSide) {
  const Interactions rows = numbered_rows(500, 20);
  SplitOptions options = options_of("time", 0.1, 0);
  options.test_from = "15";
  options.valid_from = "1970-01-01T00:00:12Z";
  const Split split = split_rows(rows, kUsers, options);
  expect_whole_and_in_order(rows, split);
  for (const double t : split.train.time) EXPECT_LT(t, 12);
  for (const double t : split.valid.time) EXPECT_TRUE(t >= 12 && t < 15) << t;
  for (const double t : split.test.time) EXPECT_GE(t, 15);
  EXPECT_GT(split.valid.size(), 0);
}

TEST(TimeSplit, TakesAShareForValidationBeforeADate) {
  const Interactions rows = numbered_rows(500, 20);
  SplitOptions options = options_of("time", 0.9, 0.2);  // test_from stands for split.test
  options.test_from = "15";
  const Split split = split_rows(rows, kUsers, options);
  expect_whole_and_in_order(rows, split);
  EXPECT_EQ(split.valid.size(), 100);
  for (const double t : split.test.time) EXPECT_GE(t, 15);
  EXPECT_LE(std::ranges::max(split.train.time), std::ranges::min(split.valid.time));
}

TEST(PerUserSplit, TakesTheNewestShareOfEachUsersRows) {
  for (const uint32_t times : {0u, 5u, 100000u}) {
    const Interactions rows = numbered_rows(1000, times);
    SplitOptions options = options_of("per_user", 0.2, 0.1);
    options.order = "newest";
    const Split split = split_rows(rows, kUsers, options);
    expect_whole_and_in_order(rows, split);
    const Numbers test_rows = numbers(split.test), valid_rows = numbers(split.valid);
    const std::set<int64_t> in_test(test_rows.begin(), test_rows.end()),
        in_valid(valid_rows.begin(), valid_rows.end());
    for (int32_t u = 0; u < kUsers; ++u) {
      Numbers own;
      for (int64_t n = 0; n < rows.size(); ++n) {
        if (rows.user[n] == u) own.push_back(n);
      }
      own = oldest_first(rows, own);
      const auto count = std::ssize(own), test = count / 5, valid = count / 10;
      for (int64_t n = 0; n < count; ++n) {
        EXPECT_EQ(in_test.contains(own[n]), n >= count - test);
        EXPECT_EQ(in_valid.contains(own[n]), n >= count - test - valid && n < count - test);
      }
    }
  }
}

TEST(PerUserSplit, TakesAsManyRandomRowsOfEachUser) {
  const Interactions rows = numbered_rows(1000, 0);
  SplitOptions options = options_of("per_user", 0.2, 0.1);
  const Split random = split_rows(rows, kUsers, options);
  expect_whole_and_in_order(rows, random);
  SplitOptions newest = options;
  newest.order = "newest";
  const auto sorted_users = [](const Interactions& part) {
    auto users = part.user;
    std::ranges::sort(users);
    return users;
  };
  EXPECT_EQ(sorted_users(random.test), sorted_users(split_rows(rows, kUsers, newest).test));
  EXPECT_NE(numbers(random.test), numbers(split_rows(rows, kUsers, newest).test));
  EXPECT_EQ(numbers(random.test), numbers(split_rows(rows, kUsers, options).test));
  options.seed = 1;
  EXPECT_NE(numbers(random.test), numbers(split_rows(rows, kUsers, options).test));
}

TEST(PerUserSplit, HoldsOutEachRowOfAUserAsOften) {
  Interactions rows;
  for (int n = 0; n < 10; ++n) rows.push(0, n, static_cast<float>(n));
  std::vector<int> times(10);
  SplitOptions options = options_of("per_user", 0.3, 0);
  for (options.seed = 0; options.seed < 2000; ++options.seed) {
    for (const int64_t n : numbers(split_rows(rows, 1, options).test)) ++times[n];
  }
  for (const int t : times) EXPECT_NEAR(t, 600, 5 * 20.5);  // sd of 2000 draws at .3
}

TEST(PerUserSplit, LeavesEveryUserARowToTrainOn) {
  for (const char* order : {"random", "newest"}) {
    for (int rows_of_user = 1; rows_of_user < 12; ++rows_of_user) {
      Interactions rows;
      for (int n = 0; n < rows_of_user; ++n) rows.push(0, n, static_cast<float>(n));
      SplitOptions options = options_of("per_user", 0.5, 0.499999999999);
      options.order = order;
      const Split split = split_rows(rows, 2, options);  // the second user has no row
      expect_whole_and_in_order(rows, split);
      EXPECT_GE(split.train.size(), 1);
      EXPECT_EQ(split.test.size(), rows_of_user / 2);
      // Too few rows for a tenth.
      EXPECT_EQ(split_rows(rows, 2, options_of("per_user", 0.1, 0)).test.size(), rows_of_user / 10);
    }
  }
}

TEST(KFoldSplit, TestsEveryRowOnceInPartsThatDifferByOneRowAtMost) {
  const Interactions rows = numbered_rows(23, 0);
  for (const int64_t folds : {2, 5, 23}) {
    SplitOptions options = options_of("k_fold", 0.9, 0);  // whatever split.test says
    options.folds = folds;
    Numbers together;
    for (options.fold = 1; options.fold <= folds; ++options.fold) {
      const Split split = split_rows(rows, kUsers, options);
      EXPECT_EQ(split.test.size(), 23 / folds + (options.fold <= 23 % folds));
      EXPECT_EQ(split.train.size() + split.test.size(), 23);
      for (const int64_t n : numbers(split.test)) together.push_back(n);
      Numbers both = numbers(split.train);
      for (const int64_t n : numbers(split.test)) both.push_back(n);
      EXPECT_EQ(sorted(both), all_of(rows));
    }
    EXPECT_EQ(sorted(together), all_of(rows));
  }
}

TEST(KFoldSplit, TakesTheValidationPartFromTheOtherFolds) {
  const Interactions rows = numbered_rows(100, 0);
  SplitOptions options = options_of("k_fold", 0.1, 0.25);
  const Split split = split_rows(rows, kUsers, options);
  EXPECT_EQ(split.test.size(), 20);
  EXPECT_EQ(split.valid.size(), 20);
  EXPECT_EQ(split.train.size(), 60);
}

TEST(KFoldSplit, NeedsARowForEachFold) {
  SplitOptions options = options_of("k_fold", 0.1, 0);
  options.folds = 9;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, split_rows(numbered_rows(8, 0), kUsers, options)),
            "split.folds = 9 needs at least as many rows; there are 8");
}

/// A file with times, and options that read it.
struct Timed {
  TemporaryFolder folder;
  DataOptions data;
  SplitOptions split = options_of("time", 0.25, 0);
  Timed() {
    data.cache_dir = "none";
    data.path = folder.write("f.csv",
                             "user,item,rating,timestamp\nu,a,1,2001-01-01\nu,b,2,2001-01-04\n"
                             "v,a,3,2001-01-02\nv,b,4,2001-01-03\n");
  }
  Column<float> test() const { return load_dataset(data, split).parts.test.rating; }
};

TEST(LoadDataset, SplitsByTheTimeColumn) {
  Timed f;
  EXPECT_EQ(f.test(), std::vector<float>{2});
  f.split.test_from = "2001-01-03";
  EXPECT_EQ(f.test(), (std::vector<float>{2, 4}));
  f.split.valid_from = "2001-01-02";
  EXPECT_EQ(load_dataset(f.data, f.split).parts.valid.rating, std::vector<float>{3});
  f.split = options_of("per_user", 0.5, 0);
  f.split.order = "newest";
  EXPECT_EQ(f.test(), (std::vector<float>{2, 4}));
}

TEST(LoadDataset, SplitsByFileOrderWhereThereIsNoTime) {
  Timed f;
  f.data.time = "none";
  EXPECT_EQ(f.test(), std::vector<float>{4});
}

TEST(LoadDataset, SaysWhatADateLeavesEmpty) {
  Timed f;
  const auto complaint = [&](const std::string& test_from, const std::string& valid_from = "") {
    f.split.test_from = test_from;
    f.split.valid_from = valid_from;
    return LATENT_MESSAGE_OF(Error, load_dataset(f.data, f.split));
  };
  const std::string range = "the times of its rows run from 978307200 to 978566400";
  EXPECT_EQ(complaint("2002-01-01"),
            f.data.path + ": no row is as late as split.test_from = 2002-01-01; " + range);
  EXPECT_EQ(complaint("2000-01-01"), f.data.path +
                                         ": no training rows left by the split, which begins at "
                                         "2000-01-01; " +
                                         range);
  EXPECT_EQ(complaint("2001-01-03", "2001-01-02T01:00:00Z"),
            f.data.path +
                ": no row lies between split.valid_from = 2001-01-02T01:00:00Z and "
                "split.test_from = 2001-01-03; " +
                range);
  f.data.path = f.folder.write("g.csv", "user,item,rating\nu,a,1\nu,b,2\n");
  EXPECT_EQ(complaint("2001-01-03"), f.data.path +
                                         ": no time field found, which split.test_from "
                                         "needs; name one in data.time");
}

}  // namespace
}  // namespace latent
