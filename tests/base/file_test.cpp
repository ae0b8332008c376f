#include "src/base/file.h"

#include <zlib.h>

#include "src/base/error.h"
#include "src/base/rng.h"
#include "src/formats/crc32.h"
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

TEST(Crc32, GivesTheStandardCheckValue) { EXPECT_EQ(crc32_of("123456789", 9), 0xcbf43926u); }

TEST(Crc32, OfPiecesIsThatOfTheWhole) {
  const std::string text = "any text, in two pieces";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const uint32_t first = crc32_of(text.data(), cut);
    EXPECT_EQ(crc32_of(text.data() + cut, text.size() - cut, first),
              crc32_of(text.data(), text.size()));
  }
}

// zlib's own is the twin: every length around the wide steps, from every alignment.
TEST(Crc32, IsZlibsForAnyLengthAndAlignment) {
  RandomStream random = Rng(1).stream("bytes");
  std::string text(1500, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  for (size_t from = 0; from < 17; ++from) {
    for (size_t bytes = 1; bytes < 600; ++bytes) {
      const auto* at = reinterpret_cast<const Bytef*>(text.data() + from);
      ASSERT_EQ(crc32_of(at, bytes, 0), ::crc32(0, at, static_cast<uInt>(bytes)));
      ASSERT_EQ(crc32_of(at, bytes, 0xdeadbeef), ::crc32(0xdeadbeef, at, static_cast<uInt>(bytes)));
    }
  }
  EXPECT_EQ(crc32_of(text.data(), text.size()),
            ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), 1500));
}

// An empty vector's data() is null, which zlib takes as "start anew".
TEST(Crc32, OfAnEmptyPieceKeepsTheRunningValue) {
  EXPECT_EQ(crc32_of(nullptr, 0, 0xcbf43926u), 0xcbf43926u);
  EXPECT_EQ(crc32_of("", 0, 17), 17u);
  EXPECT_EQ(crc32_of(nullptr, 0), 0u);
}

}  // namespace
}  // namespace latent
