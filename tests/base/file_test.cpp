#include "src/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

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

TEST(AtomicFile, ReplacesWhatALinkPointsToAndKeepsTheLink) {
  const TemporaryFolder folder, other;
  other.write("real", "old");
  fs::create_symlink(other.file("real"), folder.file("link"));
  fs::create_symlink("link", folder.file("relative"));  // a link to a link
  {
    AtomicFile file(folder.file("relative"));
    file.write("new");
    EXPECT_EQ(read_file(other.file("real")), "old");
    EXPECT_EQ(entries(other.path()), 2u) << "the temporary file lies beside the target";
    file.commit();
  }
  EXPECT_EQ(read_file(other.file("real")), "new");
  EXPECT_TRUE(fs::is_symlink(folder.file("link")) && fs::is_symlink(folder.file("relative")));
  EXPECT_EQ(entries(folder.path()), 2u);
  EXPECT_EQ(entries(other.path()), 1u);
}

TEST(AtomicFile, MakesTheFileThatALinkToNothingPointsTo) {
  const TemporaryFolder folder;
  fs::create_symlink("new", folder.file("link"));
  write_file(folder.file("link"), "x");
  EXPECT_TRUE(fs::is_symlink(folder.file("link")));
  EXPECT_EQ(read_file(folder.file("new")), "x");
}

TEST(AtomicFile, RefusesLinksThatLeadInACircle) {
  const TemporaryFolder folder;
  fs::create_symlink("b", folder.file("a"));
  fs::create_symlink("a", folder.file("b"));
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_file(folder.file("a"), "x")),
            folder.file("a") + ": cannot write: its symbolic links lead in a circle");
}

TEST(AtomicFile, WritesIntoANamedPipeAndLeavesItAPipe) {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  fs::create_symlink("pipe", folder.file("link"));
  for (const std::string& name : {pipe, folder.file("link")}) {
    std::string got;
    std::thread reader([&] { got = read_file(pipe); });
    write_file(name, std::string(300000, 'x'));
    reader.join();
    EXPECT_EQ(got, std::string(300000, 'x'));
    EXPECT_TRUE(fs::is_fifo(pipe));
  }
  EXPECT_EQ(entries(folder.path()), 2u);
}

TEST(AtomicFile, WritesToADevice) {
  write_file("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, write_file("/dev/full", "x")),
            "/dev/full: cannot write: No space left on device");
}

// As the shell's `program -o /dev/stdout >> log` asks for: what stands in the file stays.
TEST(AtomicFile, WritesThroughADescriptorOfThisProcess) {
  if (!fs::exists("/proc/self/fd")) GTEST_SKIP() << "no /proc here";
  const TemporaryFolder folder;
  folder.write("log", "before ");
  const int fd = ::open(folder.file("log").c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(fd, 0);
  write_file("/dev/fd/" + std::to_string(fd), "and ");
  write_file("/proc/self/fd/" + std::to_string(fd), "after");
  ::close(fd);
  EXPECT_EQ(read_file(folder.file("log")), "before and after");
}

TEST(OutputPlace, TellsStreamsFromFiles) {
  const TemporaryFolder folder;
  folder.write("file", "x");
  EXPECT_FALSE(output_place(folder.file("file")).stream);
  EXPECT_FALSE(output_place(folder.file("new")).stream);
  EXPECT_TRUE(output_place("/dev/null").stream);
  EXPECT_TRUE(output_place("-").stream);
  EXPECT_EQ(output_place("-").descriptor, STDOUT_FILENO);
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
