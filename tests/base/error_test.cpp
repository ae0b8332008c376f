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

/// 'xxx...tail', with `n` x.
std::string quoted(size_t n, const std::string& tail) {
  return std::string("'").append(n, 'x').append(tail).append("'");
}

TEST(InQuotes, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(in_quotes(std::string(80, 'x')), quoted(80, ""));
  EXPECT_EQ(in_quotes(std::string(81, 'x')), quoted(80, "..."));
  // A three-byte character begins at 78: two of its bytes would fit.
  EXPECT_EQ(in_quotes(std::string(78, 'x').append("日本")), quoted(78, "..."));
  // One that ends at the limit stays whole, or is left out: never a broken sequence.
  const std::string cut = in_quotes(std::string(77, 'x').append("日本"));
  EXPECT_TRUE(cut == quoted(77, "日...") || cut == quoted(77, "...")) << cut;
}

TEST(ErrnoError, SaysWhereWhatAndWhy) {
  errno = ENOENT;
  EXPECT_STREQ(errno_error("a/b", "cannot open").what(),
               "a/b: cannot open: No such file or directory");
}

}  // namespace
}  // namespace latent
