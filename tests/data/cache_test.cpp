#include "src/data/cache.h"

#include "src/base/file.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

const char* const kText = "user,item,rating,time\nann,日本,4.5,7\nbob,x,3,8\nann,x,1,9\n";

/// A data file and a cache folder of its own.
struct Fixture {
  TemporaryFolder folder;
  DataOptions options;
  std::string path;

  explicit Fixture(const std::string& text = kText) : path(folder.write("f", text)) {
    options.cache_dir = folder.file("cache");
  }
  RawData read(bool need_time = false) const { return read_files({path}, options, need_time); }
  std::vector<fs::path> cached() const {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(options.cache_dir)) out.push_back(entry.path());
    return out;
  }
  /// Other content under the same size and mtime: only a parse would notice.
  void swap_content_unnoticed() const {
    const auto stamp = fs::last_write_time(path);
    std::string text = read_file(path);
    std::replace(text.begin(), text.end(), '3', '2');
    folder.write("f", text);
    fs::last_write_time(path, stamp);
  }
};

void expect_equal(const RawData& a, const RawData& b) {
  EXPECT_EQ(named_rows(a.data), named_rows(b.data));
  EXPECT_EQ(a.data.rows.time, b.data.rows.time);
  EXPECT_EQ(a.data.users.names(), b.data.users.names());
  EXPECT_EQ(a.data.items.names(), b.data.items.names());
  EXPECT_EQ(a.data.checksum, b.data.checksum);
  EXPECT_EQ(a.part_ends, b.part_ends);
  EXPECT_EQ(a.bad_rows, b.bad_rows);
  EXPECT_EQ(a.format.format, b.format.format);
  EXPECT_EQ(a.format.columns, b.format.columns);
  EXPECT_EQ(a.format.header, b.format.header);
  EXPECT_EQ(a.format.time, b.format.time);
  EXPECT_EQ(a.format.found_time, b.format.found_time);
  EXPECT_EQ(a.format.separator, b.format.separator);
  EXPECT_EQ(a.format.width, b.format.width);
  EXPECT_EQ(a.format.column, b.format.column);
  EXPECT_EQ(a.missing_rows, b.missing_rows);
  EXPECT_EQ(a.data.left_out.user, b.data.left_out.user);
  EXPECT_EQ(a.data.left_out.item, b.data.left_out.item);
}

TEST(Cache, SecondReadEqualsTheFirst) {
  for (const bool need_time : {false, true}) {
    const Fixture f;
    const RawData first = f.read(need_time);
    EXPECT_EQ(f.cached().size(), 1u);
    f.swap_content_unnoticed();
    const RawData second = f.read(need_time);
    expect_equal(first, second);
    for (const std::string& name : first.data.users.names())
      EXPECT_EQ(second.data.users.find(name), first.data.users.find(name));
  }
}

TEST(Cache, LoadedIdMapsCanGrow) {
  const Fixture f;
  f.read();
  RawData loaded = f.read();
  EXPECT_EQ(loaded.data.users.add("ann"), 0);
  EXPECT_EQ(loaded.data.users.add("new"), 2);
}

TEST(Cache, ReadsAChangedFileAgain) {
  const Fixture f;
  f.read();
  f.folder.write("f", std::string(kText) + "new,x,2,3\n");
  EXPECT_EQ(f.read().data.rows.size(), 4);
  f.swap_content_unnoticed();
  fs::last_write_time(f.path, fs::last_write_time(f.path) +
                                  std::chrono::seconds(1));  // the same size, another mtime
  EXPECT_EQ(f.read().data.rows.rating[1], 2);
}

TEST(Cache, KeepsAParseForEachSettingOfTheReader) {
  const Fixture f;
  const std::string key = cache_key({f.path}, f.options, false);
  EXPECT_NE(cache_key({f.path}, f.options, true), key);
  EXPECT_NE(cache_key({f.path, f.path}, f.options, false), key);
  for (std::string DataOptions::*knob :
       {&DataOptions::format, &DataOptions::user, &DataOptions::item, &DataOptions::rating,
        &DataOptions::time, &DataOptions::on_bad_row, &DataOptions::separator, &DataOptions::header,
        &DataOptions::decimal, &DataOptions::encoding}) {
    DataOptions other = f.options;
    other.*knob = "other";
    EXPECT_NE(cache_key({f.path}, other, false), key);
  }
  DataOptions missing = f.options, where = f.options, mapped = f.options;
  missing.missing = {99};
  where.where = {"0=a"};
  mapped.rating_map = {{"view", 1}};
  for (const DataOptions& other : {missing, where, mapped})
    EXPECT_NE(cache_key({f.path}, other, false), key);
  DataOptions filtered = f.options;  // filters run after the cache
  filtered.drop_zero = true;
  filtered.min_user = 5;
  filtered.duplicates = "last";
  EXPECT_EQ(cache_key({f.path}, filtered, false), key);
}

TEST(Cache, SaysAgainHowManyBadRowsWereSkipped) {
  Fixture f("u,i,1\nbad\n");
  f.options.on_bad_row = "skip";
  testing::internal::CaptureStderr();
  f.read();
  f.read();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("skipped 1 bad rows", said.find("skipped 1 bad rows") + 1), std::string::npos)
      << said;
}

TEST(Cache, FallsBackToTheDataWhereverItsFileIsDamaged) {
  const Fixture f;
  const RawData first = f.read();
  const fs::path file = f.cached().at(0);
  const std::string bytes = read_file(file), key = cache_key({f.path}, f.options, false);
  testing::internal::CaptureStderr();
  for (size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    std::ofstream(file, std::ios::binary) << damaged;
    ASSERT_EQ(load_cached(f.options.cache_dir, key), std::nullopt) << "byte " << at;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::ofstream(file, std::ios::binary) << bytes.substr(0, size);
    ASSERT_EQ(load_cached(f.options.cache_dir, key), std::nullopt) << "cut at " << size;
  }
  EXPECT_TRUE(
      has(testing::internal::GetCapturedStderr(), "damaged cache file, reading the data again"));
  expect_equal(f.read(), first);  // and writes a whole one again
  EXPECT_NE(load_cached(f.options.cache_dir, key), std::nullopt);
}

// Its layout knew neither the rows left out nor fractions of a second.
TEST(Cache, WrittenByAnEarlierProgramIsNotTakenForOneOfThisVersion) {
  const std::string key =
      R"(["auto","auto","auto","auto","auto","fail",1000,false,["/ratings.csv",59,-4670340955000000000]])";
  EXPECT_EQ(load_cached(std::string(LATENT_SOURCE_DIR) + "/tests/data/formats", key), std::nullopt);
}

// Root may write anywhere, so a folder below a regular file stands for an unwritable one.
TEST(Cache, OnlyWarnsWhenItsFolderCannotBeWritten) {
  Fixture f;
  f.options.cache_dir = f.path + "/cache";
  testing::internal::CaptureStderr();
  const RawData raw = f.read();
  EXPECT_TRUE(has(testing::internal::GetCapturedStderr(), "no cache: " + f.path + "/cache"));
  EXPECT_EQ(raw.data.rows.size(), 3);
}

TEST(Cache, LeavesNothingOfAFailedParse) {
  const Fixture f("u,i,1\nbad\n");
  EXPECT_THROW(f.read(), Error);
  EXPECT_FALSE(fs::exists(f.options.cache_dir));
}

TEST(CacheFolder, FollowsTheKnobThenTheEnvironment) {
  DataOptions options;
  ::setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(cache_folder(options), "/somewhere/latent");
  options.cache_dir = "own";
  EXPECT_EQ(cache_folder(options), "own");
  options.cache_dir = "none";
  EXPECT_TRUE(cache_folder(options).empty());
}

}  // namespace
}  // namespace latent
