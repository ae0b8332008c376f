#include "src/data/row.h"

#include <charconv>
#include <cmath>
#include <ctime>

#include "src/base/error.h"

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

}  // namespace

double parse_rating(std::string_view text, const std::string& field) {
  std::string_view digits = trimmed(text);
  if (digits.size() > 1 && digits[0] == '+' && digits[1] != '-') digits.remove_prefix(1);
  double value = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || failed != std::errc() || end != digits.data() + digits.size() ||
      !std::isfinite(static_cast<float>(value))) {
    throw RowError("rating " + in_quotes(std::string(text)) + " (" + field + ") is not a number");
  }
  return value;
}

int64_t parse_time(std::string_view text, const std::string& field) {
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
  if (const auto date = parse_date(std::string(digits))) return *date;
  throw RowError("time " + in_quotes(std::string(text)) + " (" + field +
                 ") is neither a number nor a date; name another field in data.time, or none");
}

bool is_utf8(std::string_view text) {
  for (size_t n = 0; n < text.size();) {
    const auto lead = static_cast<unsigned char>(text[n]);
    if (lead < 0x80) {
      ++n;
      continue;
    }
    const int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || n + length > text.size()) return false;
    uint32_t code = lead & (0xFF >> (length + 1));
    for (int k = 1; k < length; ++k) {
      const auto c = static_cast<unsigned char>(text[n + k]);
      if ((c & 0xC0) != 0x80) return false;
      code = code << 6 | (c & 0x3F);
    }
    if ((length == 3 && code < 0x800) || (length == 4 && (code < 0x10000 || code > 0x10FFFF)) ||
        (code >= 0xD800 && code < 0xE000)) {
      return false;
    }
    n += length;
  }
  return true;
}

void check_id(std::string_view text, const std::string& field) {
  constexpr size_t kLongest =
      1 << 16;  // longer ones are text in the wrong column, or an attack on memory
  if (text.empty()) throw RowError("the id in " + field + " is empty");
  if (text.size() > kLongest)
    throw RowError("the id in " + field + " has " + std::to_string(text.size()) +
                   " bytes; ids of up to " + std::to_string(kLongest) + " are read");
  bool plain = true;
  for (const char c : text) {
    if (c == '\0') throw RowError("the id in " + field + " holds a NUL byte");
    plain &= static_cast<unsigned char>(c) < 0x80;
  }
  if (!plain && !is_utf8(text))
    throw RowError("the id " + field + " is not valid UTF-8; convert the file (iconv -t UTF-8)");
}

}  // namespace latent
