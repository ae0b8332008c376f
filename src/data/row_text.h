// How the fields of a row are understood: its rating, and the conditions that keep it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/config/options.h"

namespace latent {

/// Ratings by data.rating_map, data.decimal and data.missing.
class RatingText {
 public:
  explicit RatingText(const DataOptions& options);

  /// The rating that `text` stands for, or nothing. Words such as true and False are numbers too.
  std::optional<double> of(std::string_view text) const;
  /// The same; throws RowError naming `field`.
  double parse(std::string_view text, const std::string& field) const;
  /// Of a number as JSON writes it, whatever data.decimal says.
  double parse_number(std::string_view text, const std::string& field) const;
  /// A number that may have a decimal comma, such as a time, with a point in its place.
  std::string with_point(std::string_view text) const;
  bool has_comma() const { return comma_; }
  bool is_missing(double rating) const;

 private:
  std::map<std::string, double, std::less<>> map_;
  std::vector<double> missing_;
  bool comma_;
};

/// data.where: `column=value|value`, all of which must hold.
class Conditions {
 public:
  explicit Conditions(const std::vector<std::string>& where);

  bool empty() const { return columns_.empty(); }
  /// The column of each condition, as written.
  const std::vector<std::string>& columns() const { return columns_; }
  /// Whether condition `n` holds for its column's text.
  bool holds(size_t n, std::string_view text) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> values_;
};

}  // namespace latent
