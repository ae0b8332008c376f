#include "src/data/times.h"

#include <cstdio>

#include "src/base/rng.h"
#include "src/data/row.h"
#include "tests/support.h"

namespace latent {
namespace {

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
  for (const auto& [text, seconds] : std::vector<std::pair<std::string, double>>{
           {"881250949", 881250949},
           {" 881250949 ", 881250949},
           {"1234817823.75", 1234817823.75},
           {"0.25", 0.25},
           {"1.2e9", 1200000000},
           {"-5", -5},
           {"Wed Dec 09 09:23:58 -0800 2015", 1449681838},
           {"Sat Feb 29 23:59:59 +0530 2020", 1583000999},
           {"2015-12-09", 1449619200},
           {"2015-12-09T09:23:58", 1449653038},
           {"2015-12-09 09:23:58", 1449653038},
           {"2015-12-09T09:23:58Z", 1449653038},
           {"2015-12-09 09:23:58+01:00", 1449649438},
           {"2015-12-09 09:23:58 UTC", 1449653038},
           {"2015-12-09 09:23", 1449652980},
           {"2015/12/09", 1449619200},
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

// Expected values from Python's datetime.
TEST(ParseTime, KeepsFractionsOfASecond) {
  for (const auto& [text, seconds] :
       std::vector<std::pair<std::string, double>>{{"2015-01-01 00:00:00.900", 1420070400.9},
                                                   {"2015-01-01T00:00:00.125Z", 1420070400.125},
                                                   {"2015-01-01 01:00:00.5+01:00", 1420070400.5},
                                                   {"2015-01-01 00:00:00,25", 1420070400.25},
                                                   {"1969-12-31 23:59:59.75", -0.25}}) {
    EXPECT_EQ(parse_time(text, "t"), seconds) << text;
  }
  EXPECT_LT(parse_time("2015-01-01 00:00:00.000001", "t"),
            parse_time("2015-01-01 00:00:00.000002", "t"));
}

TEST(IsDate, TellsDatesFromNumbersAndWords) {
  for (const char* date : {"2010-10-19T23:55:27Z", "2015-12-09", "Sat Feb 29 23:59:59 +0530 2020"})
    EXPECT_TRUE(is_date(date)) << date;
  for (const char* other : {"881250949", "-7.82", "B00-123", "", "20150101", "a b"})
    EXPECT_FALSE(is_date(other)) << other;
}

}  // namespace
}  // namespace latent
