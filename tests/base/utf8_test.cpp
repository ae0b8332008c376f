#include "src/base/utf8.h"

#include <vector>

#include "tests/support.h"

namespace latent {
namespace {

TEST(IsUtf8, FollowsTheStandardsTable) {
  for (const char* good :
       {"", "a", "é", "日本", "😀", "\x7f", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
        "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80",
                          "\xBF",
                          "\xC0\x80",
                          "\xC1\xBF",
                          "\xC2",
                          "\xC2\x41",
                          "\xE0\x80\x80",
                          "\xE0\x9F\xBF",
                          "\xE6\x97",
                          "\xED\xA0\x80",
                          "\xED\xBF\xBF",
                          "\xF0\x80\x80\x80",
                          "\xF0\x8F\xBF\xBF",
                          "\xF0\x9F\x98",
                          "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80",
                          "\xFE",
                          "\xFF",
                          "a\xE9",
                          "caf\xE9 x"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Utf8, EveryCodePointGoesThereAndBack) {
  std::string text;
  std::vector<int32_t> codes;
  for (int32_t code = 0; code < 0x110000; code += code < 0x1000 ? 1 : 97) {
    if (code >= 0xD800 && code < 0xE000) continue;
    codes.push_back(code);
    append_utf8(text, static_cast<uint32_t>(code));
  }
  size_t at = 0;
  for (const int32_t code : codes) ASSERT_EQ(next_code_point(text, at), code);
  EXPECT_EQ(at, text.size());
  EXPECT_TRUE(is_utf8(text));
}

TEST(Utf8, IsWrittenInTheBytesOfTheStandardsExamples) {
  std::string text;
  for (const uint32_t code : {0x24, 0xA3, 0x939, 0x20AC, 0x10348}) append_utf8(text, code);
  EXPECT_EQ(text, "\x24\xC2\xA3\xE0\xA4\xB9\xE2\x82\xAC\xF0\x90\x8D\x88");
}

TEST(Utf8, AWrongByteIsPassedAloneSoThatWhatFollowsIsRead) {
  const std::string text = "\xE6\xBC" "a\xF0\x9F\x98\x80";
  std::vector<int32_t> codes;
  for (size_t at = 0; at < text.size();) codes.push_back(next_code_point(text, at));
  EXPECT_EQ(codes, (std::vector<int32_t>{-1, -1, 'a', 0x1F600}));
}

TEST(LowerCase, MakesCapitalsSmallInFourScripts) {
  EXPECT_EQ(lower_case("Star Wars (1977)"), "star wars (1977)");
  EXPECT_EQ(lower_case("ÀÉÎÕÜÞ ŁÓDŹ ŽIŽEK Čapek"), "àéîõüþ łódź žižek čapek");
  EXPECT_EQ(lower_case("ΑΒΓ ΩΣ"), "αβγ ωσ");
  EXPECT_EQ(lower_case("ЁЖ И МИР"), "ёж и мир");
}

TEST(LowerCase, LeavesAllElseAsItStands) {
  for (const std::string text :
       {"", "already small ß × ÷ ı ĸ ŉ", "张伟 🙂", "\xff\xc3", "\xe2\x82"})
    EXPECT_EQ(lower_case(text), text);
}

}  // namespace
}  // namespace latent
