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

// One more blank leaves the short way: the two must agree on what is a date and which.
TEST(ParseTime, ReadsGoodreadsDatesTheShortWayAsTheLong) {
  RandomStream random = Rng(2).stream("dates");
  const auto number = [&](uint32_t below, const char* form) {
    char text[16];
    std::snprintf(text, sizeof text, form, random.below(below));
    return std::string(text);
  };
  int read = 0;
  for (int n = 0; n < 20000; ++n) {
    const std::string days[] = {"Sun", "Mon", "Sat", "wed", "Xyz"};
    const std::string months[] = {"Jan", "Feb", "May", "Dec", "OCT", "Mai"};
    const std::string text = days[random.below(5)] + " " + months[random.below(6)] + " " +
                             number(34, "%02u") + " " + number(25, "%02u") + ":" +
                             number(61, "%02u") + ":" + number(63, "%02u") +
                             (random.below(2) == 0 ? " +" : " -") + number(15, "%02u") +
                             number(61, "%02u") + " " + number(10000, "%04u");
    std::string longer = text;
    longer.insert(4, " ");
    ASSERT_EQ(time_of(text), time_of(longer)) << text;
    read += time_of(text).has_value();
  }
  EXPECT_GT(read, 5000);
}

// Expected values from Python's datetime.
TEST(ParseTime, ReadsNumbersAndDates) {
  for (const auto& [text, seconds] : std::vector<std::pair<std::string, int64_t>>{
           {"881250949", 881250949},
           {" 881250949 ", 881250949},
           {"1234817823.75", 1234817823},
           {"1.2e9", 1200000000},
           {"-5", -5},
           {"Wed Dec 09 09:23:58 -0800 2015", 1449681838},
           {"Sat Feb 29 23:59:59 +0530 2020", 1583000999},
           {"2015-12-09", 1449619200},
           {"2015-12-09T09:23:58", 1449653038},
           {"2015-12-09 09:23:58", 1449653038},
           {"2015-12-09T09:23:58Z", 1449653038},
           {"2015-12-09 09:23:58+01:00", 1449649438},
           {"1970-01-01", 0},
           {"03 1, 2021", 1614556800},  // Amazon's reviewTime
           {"1969-12-31", -86400},
           {"1900-03-01", -2203891200}}) {
    EXPECT_EQ(parse_time(text, "t"), seconds) << text;
  }
}

TEST(ParseTime, RefusesAnythingElse) {
  for (const char* text :
       {"", "yesterday", "12/09/2015", "2015-13-01", "NaN", "inf", "1e999", "2015-12-09T09"}) {
    const std::string what = LATENT_MESSAGE_OF(RowError, parse_time(text, "when"));
    EXPECT_NE(what.find("(when) is neither a number nor a date"), std::string::npos)
        << text << ": " << what;
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
