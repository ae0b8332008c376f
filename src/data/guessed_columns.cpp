#include "src/data/guessed_columns.h"

#include <algorithm>
#include <cmath>

#include "src/base/error.h"
#include "src/data/column_roles.h"
#include "src/data/row.h"
#include "src/data/row_text.h"
#include "src/data/splitter.h"
#include "src/data/times.h"

namespace latent {

namespace {

constexpr const char* kRemedy =
    "; set data.user, data.item and data.rating to columns, of which the first is 0";

[[noreturn]] void fail(const GuessedColumns& guess, const std::string& what) {
  throw Error(guess.place + ": " + what);
}

bool none_told(const DataOptions& options) {
  return options.user == "auto" && options.item == "auto" && options.rating == "auto" &&
         options.time == "auto";
}

/// Rows of many lengths are lists rather than columns.
void check_even_rows(const GuessedColumns& guess) {
  if (guess.options.format != "auto" || guess.options.separator != "auto") return;
  std::vector<size_t> sizes;
  for (const auto& row : guess.rows) {
    if (filled_fields(row) > 1) sizes.push_back(filled_fields(row));
  }
  size_t most = 0;
  for (const size_t size : sizes)
    most = std::max<size_t>(most, std::count(sizes.begin(), sizes.end(), size));
  if (2 * most >= sizes.size()) return;
  const auto [least, longest] = std::minmax_element(sizes.begin(), sizes.end());
  fail(guess, "rows of " + std::to_string(*least) + " to " + std::to_string(*longest) +
                  " columns and no header: the items of a user (then set data.format to "
                  "adjacency), or columns (then set data.user and data.item)?");
}

void check_width(const GuessedColumns& guess) {
  const size_t width = filled_fields(guess.rows[0]);
  if (width >= 5)
    fail(guess, std::to_string(width) + " columns and no header to tell them apart in " +
                    in_quotes(column_list(guess.rows[0])) + kRemedy);
}

/// `role` is "user" or "item".
void check_id_column(const GuessedColumns& guess, const std::string& role, size_t column) {
  const RatingText ratings(guess.options);
  for (size_t n = guess.header ? 1 : 0; n < guess.rows.size(); ++n) {
    if (column >= guess.rows[n].size()) continue;
    const std::string& text = guess.rows[n][column];
    const auto number = rating_of(ratings.has_comma() ? ratings.with_point(text) : text);
    const char* what = number && *number != std::floor(*number) ? "a number with a fraction"
                       : is_date(text)                          ? "a time"
                                                                : nullptr;
    if (what != nullptr)
      fail(guess, "column " + std::to_string(column) + ", where the " + role + " would be, holds " +
                      what + " (" + in_quotes(text) + ")" + kRemedy);
  }
}

/// Seconds or milliseconds since 1970 in every row are no ratings.
void check_rating_column(const GuessedColumns& guess, size_t column) {
  constexpr double kTime = 1e8;  // 1973
  const size_t first = guess.header ? 1 : 0;
  const RatingText ratings(guess.options);
  const bool times =
      std::all_of(guess.rows.begin() + first, guess.rows.end(), [&](const auto& row) {
        const auto number = column < row.size() ? ratings.of(row[column]) : std::optional<double>();
        return number && *number >= kTime;
      });
  if (times && guess.rows.size() > first)
    fail(guess, "column " + std::to_string(column) +
                    ", where the rating would be, holds times such as " +
                    in_quotes(guess.rows.back()[column]) +
                    "; set data.time to it, and data.rating to another column or none");
}

}  // namespace

void check_guessed_columns(const GuessedColumns& guess) {
  if (!guess.header && none_told(guess.options)) {
    check_even_rows(guess);
    check_width(guess);
  }
  if (guess.options.user == "auto") check_id_column(guess, "user", guess.column[0]);
  if (guess.options.item == "auto") check_id_column(guess, "item", guess.column[1]);
  if (guess.options.rating == "auto" && guess.column[2] >= 0)
    check_rating_column(guess, guess.column[2]);
}

}  // namespace latent
