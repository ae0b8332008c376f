#include "src/data/line_reader.h"

#include "src/base/file.h"
#include "src/base/rng.h"
#include "src/formats/crc32.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

constexpr size_t kBlock = 1 << 20;  // the reader's own

std::vector<std::string> lines_in(const std::string& bytes) {
  const TemporaryFolder folder;
  return lines_of(folder.write("f", bytes));
}

std::string error_in(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", bytes),
                    text = LATENT_MESSAGE_OF(Error, lines_of(path));
  EXPECT_EQ(text.rfind(path + ": ", 0), 0u) << text;
  return text.substr(std::min(text.size(), path.size() + 2));
}

std::string joined(const std::vector<std::string>& lines, const std::string& end) {
  std::string out;
  for (const std::string& line : lines) out += line + end;
  return out;
}

/// Incompressible lines of 0 to `longest` bytes.
std::vector<std::string> random_lines(int count, uint32_t longest) {
  RandomStream random = Rng(longest).stream("lines");
  std::vector<std::string> out(count);
  for (std::string& line : out) {
    line.resize(random.below(longest + 1));
    for (char& c : line) c = static_cast<char>(33 + random.below(90));
  }
  return out;
}

TEST(LineReader, ReadsPlainGzLfAndCrlfAlike) {
  for (const uint32_t longest : {3u, 200u, 5000u}) {
    const auto lines = random_lines(2000, longest);
    for (const char* end : {"\n", "\r\n"}) {
      const std::string text = joined(lines, end);
      EXPECT_EQ(lines_in(text), lines) << longest;
      EXPECT_EQ(lines_in(gz_of(text)), lines) << longest;
    }
  }
}

TEST(LineReader, TakesCrAloneForTheLineEndWhereItIsOne) {
  for (const uint32_t longest : {3u, 200u, 5000u}) {
    const auto lines = random_lines(2000, longest);
    EXPECT_EQ(lines_in(joined(lines, "\r")), lines) << longest;
    EXPECT_EQ(lines_in(gz_of(joined(lines, "\r"))), lines) << longest;
  }
  EXPECT_EQ(lines_in("a\rb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_in("a\rb\nc\nd\n"), (std::vector<std::string>{"a\rb", "c", "d"}));
}

TEST(LineReader, SkipsBlankLinesAndCommentsAtTheHeadHoweverMany) {
  const TemporaryFolder folder;
  for (const int64_t blanks : {0, 3, 2000, 3000000}) {
    std::string text = "\xEF\xBB\xBF" + std::string(blanks, '\n') + " # one\r\n\n% two\n";
    LineReader reader(folder.write("f", text + "row\n# no comment any more\n"));
    EXPECT_EQ(reader.skip_head(), (std::vector<std::string>{"# one", "% two"}));
    EXPECT_EQ(reader.line_number(), blanks + 3);
    EXPECT_EQ(reader.peek(1), (std::vector<std::string>{"row"}));
    std::string_view line;
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line, "row");
    EXPECT_EQ(reader.line_number(), blanks + 4);
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line, "# no comment any more");
    EXPECT_FALSE(reader.next(line));
  }
  LineReader only(folder.write("g", "# a\n# b"));
  EXPECT_EQ(only.skip_head().size(), 2u);
  std::string_view line;
  EXPECT_FALSE(only.next(line));
}

TEST(LineReader, DoesNotNeedTheLastNewline) {
  EXPECT_EQ(lines_in("a\nb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_in("a\nb\n"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_in("a\r\nb\r"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_in("\n\na"), (std::vector<std::string>{"", "", "a"}));
}

TEST(LineReader, DropsOnlyTheByteOrderMark) {
  EXPECT_EQ(lines_in("\xEF\xBB\xBF"
                     "a\nb\n"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_in(gz_of("\xEF\xBB\xBF"
                           "a\nb\n")),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(lines_in("a\n\xEF\xBB\xBF"
                     "b\n")[1],
            "\xEF\xBB\xBF"
            "b");
}

TEST(LineReader, KeepsAnyOtherByte) {
  const std::string line = std::string("a\0b\rc\xff\t ", 9);
  EXPECT_EQ(lines_in(line + "\n"), (std::vector<std::string>{line}));
}

TEST(LineReader, ReadsLinesLongerThanABlockAndAcrossItsEnds) {
  std::vector<std::string> lines;
  // Newlines just before, at and just after each end of a block; then lines of several blocks.
  for (const size_t length :
       {kBlock - 2, size_t{0}, kBlock, kBlock - 1, 3 * kBlock + 5, size_t{1}, 2 * kBlock}) {
    lines.emplace_back(length, static_cast<char>('a' + lines.size()));
  }
  EXPECT_TRUE(lines_in(joined(lines, "\n")) == lines);
  EXPECT_TRUE(lines_in(joined(lines, "\r\n")) == lines);
  EXPECT_TRUE(lines_in(gz_of(joined(lines, "\n"))) == lines);
}

TEST(LineReader, ReadsTextOfExactlyOneOrTwoBlocks) {
  for (const size_t size : {kBlock - 1, kBlock, kBlock + 1, 2 * kBlock}) {
    const std::string text(size, 'x');
    EXPECT_TRUE(lines_in(text) == std::vector<std::string>{text}) << size;
    EXPECT_TRUE(lines_in(gz_of(text)) == std::vector<std::string>{text}) << size;
  }
}

TEST(LineReader, ReadsGzOfSeveralMembersAndPadding) {
  const auto lines = random_lines(3000, 1000);
  const std::string text = joined(lines, "\n");
  const std::string parts = gz_of(text.substr(0, 1000)) + gz_of("") + gz_of(text.substr(1000));
  EXPECT_EQ(lines_in(parts), lines);
  EXPECT_EQ(lines_in(parts + std::string(700, '\0')), lines);
}

TEST(LineReader, ReportsATruncatedGzWhereverItIsCut) {
  const std::string whole = gz_of(joined(random_lines(8, 50), "\n"));
  for (size_t cut = 2; cut < whole.size(); ++cut) {
    const std::string text = error_in(whole.substr(0, cut));
    EXPECT_TRUE(has(text, "ends early")) << "cut at " << cut << ": " << text;
  }
}

TEST(LineReader, ReportsADamagedGz) {
  std::string bytes = gz_of(joined(random_lines(2000, 50), "\n"));
  EXPECT_TRUE(has(error_in(bytes + "garbage"), "damaged gz stream"));
  bytes[bytes.size() - 6] ^= 1;  // the stored CRC
  EXPECT_TRUE(has(error_in(bytes), "damaged gz stream"));
  bytes[bytes.size() - 6] ^= 1;
  bytes[bytes.size() / 2] ^= 0x10;
  EXPECT_TRUE(has(error_in(bytes), "damaged gz stream"));
}

TEST(LineReader, RefusesMissingEmptyAndFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_in(""), "the file is empty");
  EXPECT_EQ(error_in(gz_of("")), "the file is empty");
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, LineReader(folder.path())),
            folder.path() + ": is a folder; give a file");
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, LineReader(folder.file("no"))),
            folder.file("no") + ": cannot open: No such file or directory");
}

TEST(LineReader, CountsLinesAndBytesAndChecksums) {
  const TemporaryFolder folder;
  const std::string bytes = gz_of("a\nb\nc");
  LineReader reader(folder.write("f", bytes));
  std::string_view line;
  for (int64_t n = 1; reader.next(line); ++n) EXPECT_EQ(reader.line_number(), n);
  EXPECT_EQ(reader.line_number(), 3);
  EXPECT_EQ(reader.file_size(), static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(reader.bytes_read(), reader.file_size());
  EXPECT_EQ(reader.checksum(), crc32_of(bytes.data(), bytes.size()));
}

TEST(LineReader, MayBeLeftHalfRead) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("f", gz_of(std::string(40 << 20, '\n')));  // more than it reads ahead
  std::string_view line;
  LineReader reader(path);
  EXPECT_TRUE(reader.next(line));
}

TEST(LineReaderPeek, ShowsTheFirstLinesWithoutConsumingThem) {
  const TemporaryFolder folder;
  LineReader reader(folder.write("f",
                                 "\xEF\xBB\xBF"
                                 "a\r\nb\nc"));
  EXPECT_EQ(reader.peek(2), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader.peek(9), (std::vector<std::string>{"a", "b", "c"}));
  std::string_view line;
  EXPECT_TRUE(reader.next(line));
  EXPECT_EQ(line, "a");
}

TEST(LineReaderPeek, ShowsWholeLinesOnly) {
  const TemporaryFolder folder;
  const std::string wide(kBlock + 10, 'x');
  for (const std::string& bytes : {"a\n" + wide + "\nb", gz_of("a\n" + wide + "\nb")}) {
    EXPECT_EQ(LineReader(folder.write("f", bytes)).peek(5), (std::vector<std::string>{"a"}));
  }
  for (const std::string& bytes : {wide + "\nb\n", gz_of(wide + "\nb\n")}) {
    LineReader reader(folder.write("f", bytes));
    EXPECT_TRUE(reader.peek(1) == std::vector<std::string>{wide});
    std::string_view line;
    ASSERT_TRUE(reader.next(line));
    EXPECT_TRUE(line == wide);
    ASSERT_TRUE(reader.next(line));
    EXPECT_EQ(line, "b");
    EXPECT_FALSE(reader.next(line));
  }
}

}  // namespace
}  // namespace latent
