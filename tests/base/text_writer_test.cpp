#include "src/base/text_writer.h"

#include <sys/stat.h>

#include <thread>

#include "src/data/line_reader.h"
#include "tests/support.h"

namespace latent {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  LineReader reader(path);
  std::vector<std::string> out;
  for (std::string_view line; reader.next(line);) out.emplace_back(line);
  return out;
}

/// More than a buffer of text, which gz makes a hundred times smaller or, at random, hardly at all.
std::vector<std::string> many_lines(bool random) {
  std::vector<std::string> out;
  uint32_t state = 1;
  for (int n = 0; n < 60000; ++n) {
    std::string line = std::to_string(n);
    for (int k = 0; random && k < 40; ++k) {
      state = state * 1664525 + 1013904223;
      line += static_cast<char>('!' + (state >> 24) % 90);
    }
    out.push_back(line + (random ? "" : " the same again and again and again"));
  }
  return out;
}

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
  TextWriter out(path);
  for (const std::string& line : lines) out.write(line + "\n");
  out.commit();
}

TEST(TextWriter, WritesPlainAndGzByName) {
  const TemporaryFolder folder;
  for (const bool random : {false, true}) {
    const std::vector<std::string> lines = many_lines(random);
    for (const char* const name : {"plain.csv", "packed.csv.gz"}) {
      write_lines(folder.file(name), lines);
      EXPECT_EQ(lines_of(folder.file(name)), lines) << name;
    }
    EXPECT_LT(std::filesystem::file_size(folder.file("packed.csv.gz")),
              std::filesystem::file_size(folder.file("plain.csv")));
  }
  EXPECT_EQ(read_file(folder.file("packed.csv.gz")).substr(0, 2), "\x1f\x8b");
}

TEST(TextWriter, WritesAGzStreamWithoutTextToo) {
  const TemporaryFolder folder;
  write_lines(folder.file("none.gz"), {});
  const std::string bytes = read_file(folder.file("none.gz"));
  EXPECT_EQ(bytes.substr(0, 2), "\x1f\x8b");
  EXPECT_EQ(bytes.size(), 20u);  // header, an empty block, CRC-32 and length
}

TEST(TextWriter, PacksIntoANamedPipe) {
  const TemporaryFolder folder;
  const std::string pipe = folder.file("pipe.gz");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_file(pipe); });
  write_lines(pipe, {"one", "two"});
  reader.join();
  folder.write("copy.gz", got);
  EXPECT_EQ(lines_of(folder.file("copy.gz")), (std::vector<std::string>{"one", "two"}));
}

TEST(TextWriter, LeavesNothingWithoutCommit) {
  const TemporaryFolder folder;
  for (const char* const name : {"a.csv", "a.csv.gz"}) {
    TextWriter out(folder.file(name));
    out.write("half");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(CsvField, QuotesWhereAReaderWouldMistakeIt) {
  EXPECT_EQ(csv_field("plain"), "plain");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("say \"x\""), "\"say \"\"x\"\"\"");
  EXPECT_EQ(csv_field(" blank"), "\" blank\"");
}

}  // namespace
}  // namespace latent
