#include "src/base/error.h"

#include <cerrno>

#include "tests/support.h"

namespace latent {
namespace {

TEST(InQuotes, MakesAnyTextOneLine) {
  EXPECT_EQ(in_quotes("plain"), "'plain'");
  EXPECT_EQ(in_quotes("a\nb\x1b[31m\x7f"), "'a?b?[31m?'");
  EXPECT_EQ(in_quotes(std::string("a\0b", 3)), "'a?b'");
  EXPECT_EQ(in_quotes("日本"), "'日本'");
}

TEST(InQuotes, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "'" + std::string(80, 'x') + "'");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
  // Three-byte characters begin at 79: two of its bytes would fit.
  EXPECT_EQ(in_quotes(std::string(78, 'x') + "日本"), "'" + std::string(78, 'x') + "...'");
  // One that ends at the limit stays whole, or is left out: never a broken sequence.
  const std::string cut = in_quotes(std::string(77, 'x') + "日本");
  EXPECT_TRUE(cut == "'" + std::string(77, 'x') + "日...'" || cut == "'" + std::string(77, 'x') + "...'") << cut;
}

TEST(ErrnoError, SaysWhereWhatAndWhy) {
  errno = ENOENT;
  EXPECT_STREQ(errno_error("a/b", "cannot open").what(), "a/b: cannot open: No such file or directory");
}

}  // namespace
}  // namespace latent
