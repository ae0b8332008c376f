// Rows that are more than data.memory: on disk they are what they are in memory.
#include <list>

#include "src/base/file.h"
#include "src/data/cache.h"
#include "src/data/split.h"
#include "src/formats/sections.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

/// Rows with times, some of them rated 0, some pairs more than once.
std::string text_of_rows(int rows) {
  RandomStream random = Rng(3).stream("text");
  std::string out = "user,item,rating,time\n";
  for (int n = 0; n < rows; ++n) {
    for (const uint32_t most : {40u, 25u, 6u}) out += std::to_string(random.below(most)) + ",";
    out += std::to_string(random.below(1000)) + "\n";
  }
  return out;
}

struct Fixture {
  TemporaryFolder folder;
  DataOptions data;
  SplitOptions split;

  explicit Fixture(const std::string& kind, int rows = 3001) {  // an odd number: see the cache
    data.path = folder.write("f", text_of_rows(rows));
    data.cache_dir = folder.file("cache");
    split.kind = kind;
    split.valid = 0.1;
  }
  SplitDataset load(double memory) const {
    DataOptions own = data;
    own.memory = memory;
    return load_dataset(own, split);
  }
};

void expect_same_rows(const Interactions& a, const Interactions& b) {
  EXPECT_EQ(a.user, b.user);
  EXPECT_EQ(a.item, b.item);
  EXPECT_EQ(a.rating, b.rating);
  EXPECT_EQ(a.time, b.time);
}

void expect_same(const SplitDataset& a, const SplitDataset& b) {
  expect_same_rows(a.parts.train, b.parts.train);
  expect_same_rows(a.parts.valid, b.parts.valid);
  expect_same_rows(a.parts.test, b.parts.test);
  EXPECT_EQ(a.users.names(), b.users.names());
  EXPECT_EQ(a.items.names(), b.items.names());
  EXPECT_EQ(a.left_out.user, b.left_out.user);
  EXPECT_EQ(a.checksum, b.checksum);
}

bool on_disk(const SplitDataset& data) {
  const Split& parts = data.parts;
  EXPECT_EQ(parts.train.on_disk(), parts.valid.on_disk());
  EXPECT_EQ(parts.train.on_disk(), parts.test.on_disk());
  return parts.train.on_disk();
}

std::list<Fixture> every_kind() {
  std::list<Fixture> out;
  for (const char* kind : {"by_row", "leave_one_out"}) out.emplace_back(kind);
  SplitOptions& by_time = out.emplace_back("time").split;
  by_time.test_from = "900";
  by_time.valid_from = "800";
  Fixture& files = out.emplace_back("files");
  files.data.test_path = files.folder.write("test", text_of_rows(400));
  files.data.valid_path = files.folder.write("valid", text_of_rows(333));
  return out;
}

TEST(RowsOnDisk, AreThoseInMemoryParsedAndFromTheCache) {
  for (const Fixture& f : every_kind()) {
    SCOPED_TRACE(f.split.kind);
    const SplitDataset parsed = f.load(0), cached = f.load(0), memory = f.load(1);
    EXPECT_TRUE(on_disk(parsed));
    EXPECT_TRUE(on_disk(cached));
    EXPECT_FALSE(on_disk(memory));
    expect_same(parsed, memory);
    expect_same(cached, memory);
  }
}

TEST(RowsOnDisk, AreFilteredAndRenumberedAsInMemory) {
  for (Fixture& f : every_kind()) {
    SCOPED_TRACE(f.split.kind);
    const SplitDataset whole = f.load(1);
    f.data.drop_zero = true;
    f.data.min_item = 4;
    for (const char* duplicates : {"keep", "last", "mean", "once"}) {
      f.data.duplicates = duplicates;
      expect_same(f.load(0), f.load(1));
    }
    f.data.ids_path = f.folder.file("ids");
    std::string ids = "role,id\n";
    for (int32_t u = whole.users.size(); --u >= 0;)
      ids += "user," + std::string(whole.users.name(u)) + "\n";
    for (int32_t i = 0; i < whole.items.size(); ++i)
      ids += "item," + std::string(whole.items.name(i)) + "\n";
    write_file(f.data.ids_path, ids);
    expect_same(f.load(0), f.load(1));
  }
}

TEST(RowsOnDisk, LeaveTheCacheAsItIsAndNothingBesideIt) {
  Fixture f("by_row");
  f.data.drop_zero = true;
  f.load(0);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(f.data.cache_dir)) files.push_back(entry.path());
  ASSERT_EQ(files.size(), 1u);
  const std::string before = read_file(files[0]);
  const SplitDataset held = f.load(0);
  EXPECT_EQ(read_file(files[0]), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(f.data.cache_dir), fs::directory_iterator()), 1);
}

TEST(RowsOnDisk, AreThoseOfAMoreThanDataMemoryAlone) {
  const Fixture f("by_row", 100);
  EXPECT_TRUE(on_disk(f.load(0)));
  EXPECT_TRUE(on_disk(f.load(1e-12)));
  EXPECT_FALSE(on_disk(f.load(0.5)));
}

// A parse does not know at its beginning how many rows there are; whoever reads its cache does.
TEST(RowsOnDisk, AreOnDiskOrNotByTheirNumberAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", "u,i,1\nv,j,2\n");
  const RowPlace place{std::make_shared<const std::string>(folder.path()), 24};
  EXPECT_FALSE(parse_files({path}, {}, false, place).data.rows.on_disk());
  const RowPlace less{place.folder, 23};
  EXPECT_TRUE(parse_files({path}, {}, false, less).data.rows.on_disk());
}

TEST(RowsOnDisk, NeedAFolderAndASplitInPasses) {
  Fixture f("by_row");
  f.data.cache_dir = "none";
  EXPECT_FALSE(on_disk(f.load(0)));
  for (const char* kind : {"random", "per_user", "k_fold"})
    EXPECT_FALSE(on_disk(Fixture(kind).load(0)));
  Fixture by_share("time");
  EXPECT_FALSE(on_disk(by_share.load(0)));
}

TEST(RowsOnDisk, AreSplitByRowWhereANewRunsSplitIsRandom) {
  Fixture random("random"), by_row("by_row");
  random.split.by_row_on_disk = true;
  expect_same(random.load(0), by_row.load(1));
  EXPECT_FALSE(on_disk(random.load(1)));
  EXPECT_NE(random.load(1).parts.train.user, by_row.load(1).parts.train.user);
}

TEST(RowsOnDisk, StayThereWhereTheyAreCopiedJoinedAndCut) {
  const SplitDataset data = Fixture("by_row").load(0);
  Interactions joined;
  joined = data.parts.train;
  joined.append(data.parts.valid);
  EXPECT_TRUE(joined.on_disk());
  EXPECT_EQ(joined.size(), data.parts.train.size() + data.parts.valid.size());
  const Interactions tail = joined.cut(data.parts.train.size());
  EXPECT_TRUE(tail.on_disk());
  expect_same_rows(tail, data.parts.valid);
  expect_same_rows(joined, data.parts.train);
}

TEST(RowsOnDisk, TakeACacheWhoseColumnsLieAtOddPlaces) {
  const Fixture f("by_row");
  const std::string key = cache_key({f.data.path}, f.data, false);
  const RawData parsed = read_files({f.data.path}, f.data, false);
  // As an earlier version wrote it: the header as long as its text is.
  const std::string path = fs::directory_iterator(f.data.cache_dir)->path().string();
  const std::string bytes = read_file(path);
  const SectionsReader in(path, "LATCAC02", "cache file");
  std::string header = in.header().dump();
  while (header.size() % 4 != 1) header += ' ';
  SectionsWriter out(path, "LATCAC02", header);
  out.add(bytes.data() + in.at(), bytes.size() - in.at() - sizeof(uint32_t));
  out.commit();
  const auto folder = std::make_shared<const std::string>(f.folder.path());
  for (const RowPlace& place : {RowPlace(), RowPlace{folder, 0}}) {
    const auto again = load_cached(f.data.cache_dir, key, place);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->data.rows.on_disk(), place.folder != nullptr);
    expect_same_rows(again->data.rows, parsed.data.rows);
  }
}

}  // namespace
}  // namespace latent
