#include "src/data/counted_data.h"

#include "src/base/bytes.h"
#include "src/base/file.h"
#include "src/formats/crc32.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

const char* const kText =
    "user,item,rating\nann,日本,4.5\nbob,x,-3.1\nann,x,0\nann,x,1e-3\ncid,y,4.5\n";

/// A data file and a cache folder of its own.
struct Fixture {
  TemporaryFolder folder;
  DataOptions options;

  explicit Fixture(const std::string& text = kText) {
    options.path = folder.write("f", text);
    options.cache_dir = folder.file("cache");
  }
  KeptCounts kept() const { return {options, /*need_time=*/false}; }
  CountedData count() const {
    RawData raw = parse_files({options.path}, options, false);
    filter_rows(raw, options);
    return count_data(raw);
  }
  fs::path file() const { return fs::directory_iterator(options.cache_dir)->path(); }
};

void expect_equal(const CountedData& a, const CountedData& b) {
  EXPECT_EQ(a.format.columns, b.format.columns);
  EXPECT_EQ(a.format.rating, b.format.rating);
  EXPECT_EQ(a.format.column, b.format.column);
  EXPECT_EQ(a.bad_rows, b.bad_rows);
  EXPECT_EQ(a.missing_rows, b.missing_rows);
  EXPECT_EQ(a.rows, b.rows);
  EXPECT_EQ(a.users, b.users);
  EXPECT_EQ(a.items, b.items);
  EXPECT_EQ(a.repeated_pairs, b.repeated_pairs);
  EXPECT_EQ(a.rating_sum, b.rating_sum);
  EXPECT_EQ(a.rating_min, b.rating_min);
  EXPECT_EQ(a.rating_max, b.rating_max);
  EXPECT_EQ(a.ratings, b.ratings);
  EXPECT_EQ(a.most_active, b.most_active);
  EXPECT_EQ(a.most_popular, b.most_popular);
}

TEST(CountData, SaysWhatTheRowsHold) {
  const CountedData c = Fixture().count();
  EXPECT_EQ(c.rows, 5);
  EXPECT_EQ(c.users, 3);
  EXPECT_EQ(c.items, 3);
  EXPECT_EQ(c.repeated_pairs, 1);
  EXPECT_EQ(c.rating_min, -3.1f);
  EXPECT_EQ(c.rating_max, 4.5);
  EXPECT_EQ(c.ratings.size(), 4u);
  EXPECT_EQ(c.most_active.at(0), (std::pair<std::string, int64_t>("ann", 3)));
  EXPECT_EQ(c.most_popular.at(0), (std::pair<std::string, int64_t>("x", 3)));
}

TEST(KeptCounts, ComeBackToTheBit) {
  const Fixture f;
  EXPECT_FALSE(f.kept().load());
  const CountedData counts = f.count();
  f.kept().save(counts);
  const auto back = f.kept().load();
  ASSERT_TRUE(back);
  expect_equal(*back, counts);
}

TEST(KeptCounts, BelongToTheFiltersAndToTheFileAsItWas) {
  const Fixture f;
  f.kept().save(f.count());
  for (const auto& change : std::vector<std::function<void(DataOptions&)>>{
           [](DataOptions& o) { o.drop_zero = true; },
           [](DataOptions& o) { o.positive_at_least = 1; },
           [](DataOptions& o) { o.positive_at_least = 0; },
           [](DataOptions& o) { o.duplicates = "last"; },
           [](DataOptions& o) { o.min_user = 2; },
           [](DataOptions& o) { o.min_item = 2; },
           [](DataOptions& o) { o.missing = {0}; },
           [](DataOptions& o) { o.where = {"user=ann"}; },
           [](DataOptions& o) { o.rating = "item"; }}) {
    DataOptions other = f.options;
    change(other);
    EXPECT_FALSE(KeptCounts(other, false).load());
  }
  EXPECT_FALSE(KeptCounts(f.options, /*need_time=*/true).load());
  const KeptCounts before = f.kept();
  f.folder.write("f", std::string(kText) + "new,z,1\n");
  EXPECT_FALSE(f.kept().load());
  // What was counted of a file that changed meanwhile is never taken for the new one's.
  before.save(f.count());
  EXPECT_FALSE(f.kept().load());
}

TEST(KeptCounts, SayAgainHowManyBadRowsWereSkipped) {
  Fixture f("u,i,1\nbad\n");
  f.options.on_bad_row = "skip";
  f.kept().save(f.count());
  testing::internal::CaptureStderr();
  EXPECT_TRUE(f.kept().load());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "skipped 1 bad rows\n");
}

TEST(KeptCounts, AreCountedAnewWhereverTheirFileIsDamaged) {
  const Fixture f;
  f.kept().save(f.count());
  const fs::path file = f.file();
  const std::string bytes = read_file(file);
  testing::internal::CaptureStderr();
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    std::ofstream(file, std::ios::binary) << damaged;
    ASSERT_FALSE(f.kept().load()) << "byte " << at;
    std::ofstream(file, std::ios::binary) << bytes.substr(0, at);
    ASSERT_FALSE(f.kept().load()) << "cut at " << at;
  }
  EXPECT_TRUE(has(testing::internal::GetCapturedStderr(), "reading the data again"));
}

// A checksum says that a file is as it was written, not by whom.
TEST(KeptCounts, ThatNoRowsCanHaveArePassedOver) {
  const Fixture f;
  f.kept().save(f.count());
  const fs::path file = f.file();
  const std::string whole = read_file(file);
  testing::internal::CaptureStderr();
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {R"("rows":5)", R"("rows":0)"},
           {R"("rows":5)", R"("rows":2)"},
           {R"("users":3)", R"("users":0)"},
           {R"("items":3)", R"("items":6)"},
           {R"("repeated_pairs":1)", R"("repeated_pairs":5)"},
           {R"([4.5,2])", R"([4.5,9])"},
           {R"(["ann",3])", R"(["ann",9])"},
           {R"(["ann",3])", R"([["an"],3])"},
           {R"("rating_sum":)", R"("rating_zum":)"}}) {
    std::string bytes = whole;
    ASSERT_NE(bytes.find(from), std::string::npos) << from;
    bytes.replace(bytes.find(from), from.size(), to);
    bytes.resize(bytes.size() - sizeof(uint32_t));
    const uint64_t header = bytes.size() - 16;
    bytes.replace(8, sizeof header, reinterpret_cast<const char*>(&header), sizeof header);
    append_bytes(bytes, crc32_of(bytes.data(), bytes.size()));
    std::ofstream(file, std::ios::binary) << bytes;
    EXPECT_FALSE(f.kept().load()) << from << " -> " << to;
  }
  EXPECT_TRUE(has(testing::internal::GetCapturedStderr(), "damaged"));
}

TEST(KeptCounts, OnlyWarnWhenTheirFolderCannotBeWritten) {
  Fixture f;
  f.options.cache_dir = f.options.path + "/cache";
  testing::internal::CaptureStderr();
  f.kept().save(f.count());
  EXPECT_TRUE(has(testing::internal::GetCapturedStderr(), "no cache of counts: "));
  f.options.cache_dir = "none";
  f.kept().save(f.count());
  EXPECT_FALSE(f.kept().load());
}

}  // namespace
}  // namespace latent
