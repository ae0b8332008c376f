#include "src/data/row.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(ParseRating, ReadsNumbersWrittenInFull) {
  EXPECT_EQ(parse_rating("4", "r"), 4);
  EXPECT_EQ(parse_rating(" 3.5\t", "r"), 3.5);
  EXPECT_EQ(parse_rating("-0.25", "r"), -0.25);
  EXPECT_EQ(parse_rating("+2", "r"), 2);
  EXPECT_EQ(parse_rating("1e-3", "r"), 1e-3);
}

// The short way for short numbers must round as the long one does.
TEST(ParseRating, IsTheNearestDoubleOfAnyDecimal) {
  RandomStream random = Rng(1).stream("numbers");
  for (int n = 0; n < 200000; ++n) {
    std::string text = random.below(4) == 0 ? "-" : "";
    const uint32_t digits = 1 + random.below(18), point = random.below(20);
    for (uint32_t k = 0; k < digits; ++k) {
      if (k == point) text += '.';
      text += static_cast<char>('0' + random.below(10));
    }
    if (digits == point) text += '.';
    const double expected = std::strtod(text.c_str(), nullptr);
    const double value = parse_rating(text, "r");
    ASSERT_EQ(value, expected) << text;
    ASSERT_EQ(std::signbit(value), std::signbit(expected)) << text;
  }
}

TEST(ParseRating, RefusesWhatIsNotAFiniteNumber) {
  for (const char* text :
       {"",      " ",      "x",    "4x",  "4 5", "4,5", "NaN", "nan", "inf", "-inf", "Infinity",
        "1e999", "-1e999", "1e39", "0x4", "--4", "+-4", "1e",  ".",   "4\n", "None", "four"}) {
    const std::string what = LATENT_MESSAGE_OF(RowError, parse_rating(text, "stars"));
    EXPECT_NE(what.find("(stars) is not a number"), std::string::npos) << text << ": " << what;
  }
}

TEST(CheckId, RefusesEmptyNulAndOtherEncodings) {
  EXPECT_NO_THROW(check_id("日本 x", "user"));
  EXPECT_NE(LATENT_MESSAGE_OF(RowError, check_id("", "user")).find("user is empty"),
            std::string::npos);
  EXPECT_NE(LATENT_MESSAGE_OF(RowError, check_id(std::string_view("a\0b", 3), "user")).find("NUL"),
            std::string::npos);
  EXPECT_NE(LATENT_MESSAGE_OF(RowError, check_id("caf\xE9", "user")).find("UTF-8"),
            std::string::npos);
}

}  // namespace
}  // namespace latent
