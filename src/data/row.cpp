#include "src/data/row.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "src/base/error.h"
#include "src/base/utf8.h"

namespace latent {

namespace {

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
    if (static_cast<signed char>(text[n]) <= 0) return true;  // char has no sign on some
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

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_matrix_market(std::string_view line) {
  constexpr std::string_view kBanner = "%%matrixmarket";
  return line.size() >= kBanner.size() &&
         std::equal(kBanner.begin(), kBanner.end(), line.begin(), [](char banner, char c) {
           return banner == (c >= 'A' && c <= 'Z' ? c | 0x20 : c);
         });
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
    throw RowError("the id " + field +
                   " is not valid UTF-8; convert the file (iconv -t UTF-8), or set "
                   "data.encoding to latin-1 if it is that");
}

}  // namespace latent
