#include "src/data/row.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <ctime>

#include "src/base/error.h"
#include "src/base/utf8.h"

namespace latent {

namespace {

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Days from 1970-01-01 (Howard Hinnant's days_from_civil).
int64_t days_from_civil(int64_t y, int m, int d) {
  y -= m <= 2;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
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

/// `text` read by one of the known date patterns, all of it.
std::optional<int64_t> parse_date(const std::string& text) {
  for (const char* pattern :
       {"%a %b %d %H:%M:%S %z %Y", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S%z",
        "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%m %d, %Y"}) {
    std::tm t{};
    const char* end = ::strptime(text.c_str(), pattern, &t);
    if (end != nullptr && *end == '\0') return seconds_of(t, t.tm_gmtoff);
  }
  return std::nullopt;
}

/// [-]digits[.digits] of at most 15 digits: the digits as a whole number and the power of ten are
/// exact in double, so their quotient is the nearest double. False: let from_chars see to it.
bool short_decimal(std::string_view text, double& value) {
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > 16) return false;
  static constexpr double kTen[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  int64_t whole = 0;
  size_t digits = 0, point = text.size();
  for (size_t n = 0; n < text.size(); ++n) {
    const unsigned digit = static_cast<unsigned char>(text[n]) - '0';
    if (digit <= 9) {
      whole = whole * 10 + digit;
      ++digits;
    } else if (text[n] == '.' && point == text.size()) {
      point = n;
    } else {
      return false;
    }
  }
  if (digits == 0 || digits > 15) return false;
  value = static_cast<double>(whole);
  if (point < text.size()) value /= kTen[text.size() - point - 1];
  if (negative) value = -value;
  return true;
}

/// A byte that is NUL or outside ASCII.
bool has_unusual_byte(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
  size_t n = 0;
  for (; n + 8 <= text.size(); n += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + n, 8);
    if (((word | (word - kOnes)) & kHigh) != 0) return true;
  }
  for (; n < text.size(); ++n) {
    if (text[n] <= '\0') return true;
  }
  return false;
}

}  // namespace

std::optional<double> rating_of(std::string_view text) {
  double value = 0;
  if (short_decimal(text, value)) return value;
  std::string_view digits = trimmed(text);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || failed != std::errc() || end != digits.data() + digits.size() ||
      !std::isfinite(static_cast<float>(value))) {
    return std::nullopt;
  }
  return value;
}

double parse_rating(std::string_view text, const std::string& field) {
  if (const auto value = rating_of(text)) return *value;
  throw RowError("rating " + in_quotes(std::string(text)) + " (" + field + ") is not a number");
}

std::optional<int64_t> time_of(std::string_view text) {
  const std::string_view digits = trimmed(text);
  int64_t whole = 0;
  const char* const stop = digits.data() + digits.size();
  if (const auto [end, failed] = std::from_chars(digits.data(), stop, whole);
      failed == std::errc() && end == stop) {
    return whole;
  }
  double value = 0;
  if (const auto [end, failed] = std::from_chars(digits.data(), stop, value);
      failed == std::errc() && end == stop && std::abs(value) < 9e18) {
    return static_cast<int64_t>(value);
  }
  if (const auto date = goodreads_date(digits)) return date;
  return parse_date(std::string(digits));
}

int64_t parse_time(std::string_view text, const std::string& field) {
  if (const auto time = time_of(text)) return *time;
  throw RowError("time " + in_quotes(std::string(text)) + " (" + field +
                 ") is neither a number nor a date; name another field in data.time, or none");
}

void check_id(std::string_view text, const std::string& field) {
  if (text.empty()) throw RowError("the id in " + field + " is empty");
  if (text.size() > kLongestId)  // text in the wrong column, or an attack on memory
    throw RowError("the id in " + field + " has " + std::to_string(text.size()) +
                   " bytes; ids of up to " + std::to_string(kLongestId) + " are read");
  if (!has_unusual_byte(text)) return;
  if (text.find('\0') != std::string_view::npos)
    throw RowError("the id in " + field + " holds a NUL byte");
  if (!is_utf8(text))
    throw RowError("the id " + field + " is not valid UTF-8; convert the file (iconv -t UTF-8)");
}

}  // namespace latent
