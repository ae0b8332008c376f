// Columns in the heap, in files without a name, and in somebody else's file.
#include "src/data/column.h"

#include <numeric>

#include "src/base/error.h"
#include "src/base/file.h"
#include "tests/support.h"

namespace latent {
namespace {

using Numbers = std::vector<int32_t>;

Numbers counted(int32_t n) {
  Numbers out(n);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

ColumnFolder in(const TemporaryFolder& folder) {
  return std::make_shared<const std::string>(folder.path());
}

/// A file of numbers from 0 on, and a column that lies in it.
struct Lent {
  TemporaryFolder folder;
  std::string path;
  Column<int32_t> column;

  explicit Lent(int32_t n) {
    const Numbers numbers = counted(n);
    path = folder.write("f", std::string(reinterpret_cast<const char*>(numbers.data()), 4 * n));
    const auto whole = n > 0 ? map_file(InputFile(path)) : nullptr;
    column = lent_column<int32_t>(in(folder), {whole, whole.get()}, n);
  }
};

TEST(Column, IsAVectorWhereverItLies) {
  const TemporaryFolder folder;
  for (const ColumnFolder& place : {ColumnFolder(), in(folder)}) {
    Column<int32_t> a{ColumnMemory<int32_t>(place)};
    for (int32_t n = 0; n < 5000; ++n) a.push_back(n);
    EXPECT_EQ(a, counted(5000));
    Column<int32_t> copy = a, assigned;
    assigned = a;
    a[7] = -1;
    EXPECT_EQ(copy, counted(5000));
    EXPECT_EQ(assigned, counted(5000));
    for (const auto* one : {&copy, &assigned}) EXPECT_EQ(one->get_allocator().folder(), place);
    Column<int32_t> moved = std::move(copy);
    EXPECT_EQ(moved, counted(5000));
    moved.resize(3);
    EXPECT_EQ(moved, counted(3));
    copy = std::move(assigned);
    EXPECT_EQ(copy, counted(5000));
    EXPECT_EQ(assigned.get_allocator().folder(), place) << "also when it has been moved from";
  }
}

TEST(Column, OnDiskLeavesNoNameInItsFolder) {
  const TemporaryFolder folder;
  const Column<double> column(10000, 1.5, ColumnMemory<double>(in(folder)));
  EXPECT_EQ(std::accumulate(column.begin(), column.end(), 0.0), 15000);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Column, LiesInTheFileThatItIsLent) {
  const Lent lent(3000);
  EXPECT_EQ(lent.column, counted(3000));
  EXPECT_TRUE(lent.column.get_allocator().is_lent());
  const Column<int32_t> copy = lent.column;
  EXPECT_EQ(copy, counted(3000));
  EXPECT_FALSE(copy.get_allocator().is_lent()) << "a copy has a file of its own";
}

TEST(Column, ChangesNothingInTheFileThatItIsLent) {
  Lent lent(3000);
  const std::string before = read_file(lent.path);
  lent.column[5] = 77;
  lent.column.push_back(3000);  // which moves it
  EXPECT_EQ(lent.column[5], 77);
  EXPECT_EQ(lent.column.size(), 3001u);
  EXPECT_EQ(lent.column.back(), 3000);
  EXPECT_EQ(read_file(lent.path), before);
}

TEST(Column, OutlivesTheNameOfTheFileThatItIsLent) {
  Lent lent(3000);
  std::filesystem::remove(lent.path);
  EXPECT_EQ(lent.column, counted(3000));
}

TEST(Column, OfNoValuesIsLentNothing) {
  Lent lent(0);
  lent.column.push_back(4);
  EXPECT_EQ(lent.column, Numbers{4});
}

TEST(Column, SaysWhereThereIsNoRoom) {
  const TemporaryFolder folder;
  const std::string file = folder.write("f", "");
  EXPECT_EQ(LATENT_MESSAGE_OF(SystemError, map_column(file, 100)),
            file + ": cannot make a file for columns there: Not a directory");
  EXPECT_NE(LATENT_MESSAGE_OF(SystemError, map_column(folder.path(), size_t{1} << 60))
                .find(folder.path() + ": cannot hold a column of 1152921504.6 GB (data.cache_dir)"),
            std::string::npos);
}

}  // namespace
}  // namespace latent
