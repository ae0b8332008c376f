#include "src/base/times.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <string>

namespace latent {

namespace {

/// Days from 1970-01-01 (Howard Hinnant's days_from_civil).
int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

int64_t seconds_of(const std::tm& t, int64_t zone_offset) {
  return days_from_civil(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday) * 86400 + t.tm_hour * 3600 +
         t.tm_min * 60 + t.tm_sec - zone_offset;
}

/// The place of three letters among the threes in `names`, from 0; -1: none.
int place_of(std::string_view three, std::string_view names) {
  for (size_t n = 0; n < names.size(); n += 3) {
    if (names.substr(n, 3) == three) return static_cast<int>(n / 3);
  }
  return -1;
}

/// "Wed Dec 09 09:23:58 -0800 2015" and nothing like it: strptime, which sees to the rest, takes
/// longer than all else about a row.
std::optional<int64_t> goodreads_date(std::string_view text) {
  constexpr std::string_view kShape = "AAA AAA 00 00:00:00 +0000 0000";
  if (text.size() != kShape.size()) return std::nullopt;
  for (size_t n = 0; n < kShape.size(); ++n) {
    const bool digit = text[n] >= '0' && text[n] <= '9';
    const bool fits = kShape[n] == '0'   ? digit
                      : kShape[n] == 'A' ? true
                      : kShape[n] == '+' ? text[n] == '+' || text[n] == '-'
                                         : text[n] == kShape[n];
    if (!fits) return std::nullopt;
  }
  const auto two = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  std::tm t{};
  t.tm_mon = place_of(text.substr(4, 3), "JanFebMarAprMayJunJulAugSepOctNovDec");
  t.tm_mday = two(8);
  t.tm_hour = two(11);
  t.tm_min = two(14);
  t.tm_sec = two(17);
  t.tm_year = two(26) * 100 + two(28) - 1900;
  const int zone_hours = two(21), zone_minutes = two(23);
  if (place_of(text.substr(0, 3), "SunMonTueWedThuFriSat") < 0 || t.tm_mon < 0 || t.tm_mday < 1 ||
      t.tm_mday > 31 || t.tm_hour > 23 || t.tm_min > 59 || t.tm_sec > 59 || zone_hours > 12 ||
      zone_minutes > 59) {
    return std::nullopt;
  }
  const int zone = (zone_hours * 60 + zone_minutes) * 60;
  return seconds_of(t, text[20] == '-' ? -zone : zone);
}

/// Cuts the fraction of a second out of a time of day: ".125" or ",125" after ":ss".
double cut_fraction(std::string& text) {
  const auto digit = [&](size_t n) { return n < text.size() && text[n] >= '0' && text[n] <= '9'; };
  for (size_t at = 3; at < text.size(); ++at) {
    if ((text[at] != '.' && text[at] != ',') || text[at - 3] != ':' || !digit(at - 1) ||
        !digit(at - 2) || !digit(at + 1))
      continue;
    size_t end = at + 1;
    while (digit(end)) ++end;
    const std::string fraction = "." + text.substr(at + 1, end - at - 1);
    text.erase(at, end - at);
    double value = 0;
    std::from_chars(fraction.data(), fraction.data() + fraction.size(), value);
    return value;
  }
  return 0;
}

/// `text` read by one of the known date patterns, all of it.
std::optional<double> parse_date(std::string text) {
  const double fraction = cut_fraction(text);
  for (const char* pattern :
       {"%a %b %d %H:%M:%S %z %Y", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z",
        "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
        "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d", "%m %d, %Y"}) {
    std::tm t{};
    const char* end = ::strptime(text.c_str(), pattern, &t);
    if (end != nullptr && *end == '\0')
      return static_cast<double>(seconds_of(t, t.tm_gmtoff)) + fraction;
  }
  return std::nullopt;
}

std::optional<double> date_of(std::string_view text) {
  if (const auto date = goodreads_date(text)) return static_cast<double>(*date);
  return parse_date(std::string(text));
}

}  // namespace

std::optional<double> time_of(std::string_view text) {
  const std::string_view digits = trimmed(text);
  int64_t whole = 0;
  const char* const stop = digits.data() + digits.size();
  if (const auto [end, failed] = std::from_chars(digits.data(), stop, whole);
      failed == std::errc() && end == stop) {
    return static_cast<double>(whole);
  }
  double value = 0;
  if (const auto [end, failed] = std::from_chars(digits.data(), stop, value);
      failed == std::errc() && end == stop && std::abs(value) < 9e18) {
    return value;
  }
  return date_of(digits);
}

bool is_date(std::string_view text) {
  const std::string_view date = trimmed(text);
  return date.find_first_of("-/: ") != std::string_view::npos && date_of(date).has_value();
}

}  // namespace latent
