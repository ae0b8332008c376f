#include "src/data/row_text.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/data/row.h"

namespace latent {

namespace {

std::optional<double> truth(std::string_view text) {
  if (text == "True" || text == "true" || text == "TRUE") return 1;
  if (text == "False" || text == "false" || text == "FALSE") return 0;
  return std::nullopt;
}

}  // namespace

RatingText::RatingText(const DataOptions& options)
    : map_(options.rating_map.begin(), options.rating_map.end()),
      missing_(options.missing),
      comma_(options.decimal == ",") {}

std::string RatingText::with_point(std::string_view text) const {
  std::string out(text);
  // A point beside a comma would mark thousands: then the text is left no number.
  if (comma_ && out.find('.') != std::string::npos) return out += ',';
  if (comma_) std::replace(out.begin(), out.end(), ',', '.');
  return out;
}

std::optional<double> RatingText::of(std::string_view text) const {
  if (!map_.empty()) {
    const auto at = map_.find(trimmed(text));
    return at == map_.end() ? std::nullopt : std::optional(at->second);
  }
  const auto number = comma_ ? rating_of(with_point(text)) : rating_of(text);
  return number ? number : truth(trimmed(text));
}

double RatingText::parse(std::string_view text, const std::string& field) const {
  if (const auto value = of(text)) return *value;
  const std::string shown = "rating " + in_quotes(std::string(text)) + " (" + field + ")";
  if (!map_.empty()) throw RowError(shown + " is not in data.rating_map");
  if (comma_ && rating_of(text))
    throw RowError(shown + " has a point, where data.decimal is a comma");
  std::string pointed(text);
  std::replace(pointed.begin(), pointed.end(), ',', '.');
  if (!comma_ && rating_of(pointed))
    throw RowError(shown +
                   " is not a number; where the comma begins a fraction set data.decimal "
                   "to ',' (a mark of thousands must go)");
  throw RowError(shown + " is not a number");
}

double RatingText::parse_number(std::string_view text, const std::string& field) const {
  return map_.empty() ? parse_rating(text, field) : parse(text, field);
}

bool RatingText::is_missing(double rating) const {
  return std::find(missing_.begin(), missing_.end(), rating) != missing_.end();
}

Conditions::Conditions(const std::vector<std::string>& where) {
  for (const std::string& text : where) {
    const size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw Error("data.where: " + in_quotes(text) + " is not column=value");
    columns_.push_back(text.substr(0, equals));
    values_.emplace_back();
    for (size_t at = equals + 1;;) {
      const size_t end = text.find('|', at);
      values_.back().push_back(text.substr(at, end - at));
      if (end == std::string::npos) break;
      at = end + 1;
    }
  }
}

bool Conditions::holds(size_t n, std::string_view text) const {
  return std::find(values_[n].begin(), values_[n].end(), text) != values_[n].end();
}

}  // namespace latent
