// What a row format yields, and what it says of a row it cannot read.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace latent {

/// A row that cannot be read. The reader puts file and line before the text.
struct RowError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One interaction as text and numbers; the views live until the next row is read.
struct Row {
  std::string_view user, item;
  double rating = 1;
  int64_t time = 0;
};

/// A number written in full (no blanks left over, finite also as float). Throws RowError naming
/// `field`.
double parse_rating(std::string_view text, const std::string& field);

/// Seconds since 1970 from a number, "Wed Dec 09 09:23:58 -0800 2015" (Goodreads), "03 1, 2021"
/// (Amazon) or ISO 8601
/// ("2015-12-09", "2015-12-09T09:23:58Z", "2015-12-09 09:23:58+01:00"). Throws RowError.
int64_t parse_time(std::string_view text, const std::string& field);

/// Throws RowError unless `text` is a UTF-8 string without NUL, of 1 to 65,536 bytes.
void check_id(std::string_view text, const std::string& field);

bool is_utf8(std::string_view text);

}  // namespace latent
