// Every ratings file of the shared data against what Python's own readers count in it.
#include <numeric>

#include "tests/data/data_support.h"

namespace latent {
namespace {

struct RealFile {
  const char* test;                ///< the test's name
  std::vector<const char*> files;  ///< read as one data set
  const char* format;
  std::vector<int64_t> part_ends;  ///< the last is the number of rows
  int32_t users, items;
  double rating_sum;
  const char* item = "auto";
};

void PrintTo(const RealFile& file, std::ostream* out) { *out << file.files[0]; }

// The output of scripts/count_data.py (csv, json and ast of Python 3.11); make it again with that.
const RealFile kFiles[] = {
    {"Goodreads200k", {"goodreads_interactions_200k.csv.gz"}, "csv", {200000}, 11357, 7170, 779351},
    {"Goodreads14m",
     {"goodreads_interactions_14m.csv.gz"},
     "csv",
     {14558281},
     30752,
     1213126,
     25150124},
    {"GoodreadsDictLines",
     {"goodreads_reviews_pydict_10k.json.gz"},
     "pydict",
     {10000},
     8564,
     9998,
     38145,
     "review_id"},
    {"BeerDictLines", {"beer_pydict_truncated.json.gz"}, "pydict", {2469}, 1331, 287, 8853.5},
    {"AmazonFashion", {"amazon_fashion_5core.json.gz"}, "json", {3176}, 406, 31, 13988},
    {"Goodbooks", {"goodbooks-10k/ratings.csv.gz"}, "csv", {981756}, 53424, 10000, 3786175},
    {"Ml100k", {"ml-100k/u.data"}, "tsv", {100000}, 943, 1682, 352986},
    {"Ml100kU1Base", {"ml-100k/u1.base"}, "tsv", {80000}, 943, 1650, 282268},
    {"Ml100kU1Test", {"ml-100k/u1.test"}, "tsv", {20000}, 459, 1410, 70718},
    {"Ml100kU2Base", {"ml-100k/u2.base"}, "tsv", {80000}, 943, 1648, 282117},
    {"Ml100kU2Test", {"ml-100k/u2.test"}, "tsv", {20000}, 653, 1420, 70869},
    {"Ml1mRanking",
     {"ml-1m-ranking/train.txt.gz", "ml-1m-ranking/valid.txt.gz", "ml-1m-ranking/test.txt.gz"},
     "adjacency",
     {590733, 671630, 836478},
     6039,
     3628,
     836478},
    {"LastfmRanking",
     {"lastfm-ranking/train.txt", "lastfm-ranking/valid.txt", "lastfm-ranking/test.txt"},
     "adjacency",
     {64315, 73458, 91779},
     1885,
     17388,
     91779},
};

class RealData : public testing::TestWithParam<RealFile> {};

TEST_P(RealData, HasTheRowsUsersItemsAndRatingsThatPythonCounts) {
  const RealFile& expected = GetParam();
  std::vector<std::string> paths;
  for (const char* file : expected.files) {
    LATENT_NEEDS_DATA(file);
    paths.push_back(shared_data(file));
  }
  DataOptions options;
  options.item = expected.item;
  const RawData raw = parse_files(paths, options, /*need_time=*/false);
  EXPECT_EQ(raw.format.format, expected.format);
  EXPECT_EQ(raw.part_ends, expected.part_ends);
  EXPECT_EQ(raw.data.users.size(), expected.users);
  EXPECT_EQ(raw.data.items.size(), expected.items);
  EXPECT_EQ(std::accumulate(raw.data.rows.rating.begin(), raw.data.rows.rating.end(), 0.0),
            expected.rating_sum);
}

INSTANTIATE_TEST_SUITE_P(Shared, RealData, testing::ValuesIn(kFiles),
                         [](const auto& info) { return info.param.test; });

TEST(RealDataFields, DictLinesOfReviewsNameNoItem) {
  LATENT_NEEDS_DATA("goodreads_reviews_pydict_10k.json.gz");
  const std::string path = shared_data("goodreads_reviews_pydict_10k.json.gz");
  EXPECT_TRUE(
      has(LATENT_MESSAGE_OF(Error, parse_files({path}, {}, false)), "no usual name for the item"));
}

TEST(RealDataFields, BeerIsReadByItsFlatKeysAndNestedPaths) {
  LATENT_NEEDS_DATA("beer_pydict_truncated.json.gz");
  DataOptions options;
  options.time = "review/timeStruct.year";
  const RawData raw = parse_files({shared_data("beer_pydict_truncated.json.gz")}, options, false);
  EXPECT_EQ(raw.format.user, "user/profileName");
  EXPECT_EQ(raw.format.item, "beer/beerId");
  EXPECT_EQ(raw.format.rating, "review/overall");
  EXPECT_EQ(named_rows(raw.data)[0], NamedRow("stcules", "47986", 1.5));
  EXPECT_EQ(raw.data.rows.time[0], 2009);
}

TEST(RealDataFields, AmazonsNestedStyleIsAPath) {
  LATENT_NEEDS_DATA("amazon_fashion_5core.json.gz");
  DataOptions options;
  options.item = "style.Size:";
  options.on_bad_row = "skip";
  options.max_bad_rows = 4000;
  testing::internal::CaptureStderr();
  const RawData raw = parse_files({shared_data("amazon_fashion_5core.json.gz")}, options, false);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(raw.data.items.name(0), " Big Boys");
  EXPECT_EQ(raw.data.rows.size() + raw.bad_rows, 3176);
}

}  // namespace
}  // namespace latent
