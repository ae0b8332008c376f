#include "src/base/file.h"

#include "src/base/error.h"
#include "tests/support.h"

namespace latent {
namespace {

namespace fs = std::filesystem;

size_t entries(const std::string& folder) {
  return static_cast<size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder.file("out"));
    file.write("half");
    EXPECT_EQ(entries(folder.path()), 1u);
    EXPECT_FALSE(fs::exists(folder.file("out")));
  }
  EXPECT_EQ(entries(folder.path()), 0u);
}

TEST(AtomicFile, KeepsTheOldContentUntilCommit) {
  const TemporaryFolder folder;
  folder.write("out", "old");
  {
    AtomicFile file(folder.file("out"));
    file.write("new");
    EXPECT_EQ(read_file(folder.file("out")), "old");
  }
  EXPECT_EQ(read_file(folder.file("out")), "old");
  AtomicFile file(folder.file("out"));
  file.write("ne");
  file.write("w");
  file.commit();
  EXPECT_EQ(read_file(folder.file("out")), "new");
  EXPECT_EQ(entries(folder.path()), 1u);
}

// Root may write anywhere, so a path below a regular file stands for an unwritable one.
TEST(AtomicFile, SaysWhichPathCannotBeWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "x") + "/out";
  const std::string text = LATENT_MESSAGE_OF(Error, AtomicFile file(path));
  EXPECT_EQ(text, path + ": cannot write: Not a directory");
}

TEST(AtomicFile, CannotReplaceAFolderAndLeavesNothing) {
  const TemporaryFolder folder;
  fs::create_directories(folder.file("out/full"));
  const std::string text = LATENT_MESSAGE_OF(Error, write_file(folder.file("out"), "x"));
  EXPECT_NE(text.find("cannot rename into place"), std::string::npos) << text;
  EXPECT_EQ(entries(folder.path()), 1u);
}

TEST(WriteFile, RoundTripsAnyBytes) {
  const TemporaryFolder folder;
  std::string bytes;
  for (int n = 0; n < 100000; ++n) bytes += static_cast<char>(n * 7 % 256);
  for (const std::string& text : {std::string(), std::string("x"), bytes}) {
    write_file(folder.file("out"), text);
    EXPECT_EQ(read_file(folder.file("out")), text);
  }
}

TEST(ReadFile, NamesAMissingFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, read_file(folder.file("no"))),
            folder.file("no") + ": cannot open: No such file or directory");
}

TEST(ReadFile, RefusesAFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, read_file(folder.path())),
            folder.path() + ": is a folder; give a file");
}

}  // namespace
}  // namespace latent
