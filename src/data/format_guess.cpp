#include "src/data/format_guess.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "src/base/error.h"
#include "src/data/column_roles.h"
#include "src/data/object_scanner.h"
#include "src/data/row_text.h"
#include "src/data/splitter.h"

namespace latent {

namespace {

bool scans_as(ObjectDialect dialect, const std::string& line) {
  try {
    ObjectScanner::names(dialect, line);
    return true;
  } catch (const RowError&) {
    return false;
  }
}

std::vector<std::string> tokens_of(const std::string& line) {
  Splitter splitter(" ");
  std::vector<std::string_view> fields;
  splitter.split(line, fields);
  return {fields.begin(), fields.end()};
}

/// How well a separator explains the lines.
struct Fit {
  std::string separator;
  int sense = 0;      // 0: none. A header with usual names makes more than numbers as ratings
  bool even = false;  // all rows have the same number of columns
};

bool is_rating(const std::string& text, const DataOptions& options, bool comma) {
  if (RatingText(options).of(text)) return true;
  DataOptions with_comma;
  with_comma.decimal = ",";
  return comma && RatingText(with_comma).of(text).has_value();
}

Fit fit_of(const std::string& separator, const std::vector<std::string>& lines,
           const DataOptions& options) {
  Fit fit{separator};
  const auto rows = split_sample(lines, separator);
  if (rows.empty() || rows[0].size() < 2) return fit;
  size_t some = 0, same = 0, rated = 0;
  const size_t at = all_digits(options.rating) && options.rating.size() < 7
                        ? static_cast<size_t>(std::stoi(options.rating))
                        : 2;
  for (const auto& row : rows) {
    some += row.size() >= 2;
    same += row.size() == rows[0].size() || filled_fields(row) == filled_fields(rows[0]);
    rated += at < row.size() && is_rating(row[at], options, separator != ",");
  }
  fit.even = same == rows.size();
  const int named = (find_column("user", options.user, rows[0]) >= 0) +
                    (find_column("item", options.item, rows[0]) >= 0);
  fit.sense = 2 * some < rows.size() ? 1 : named > 0 ? 2 + named : 2 * rated >= rows.size() ? 2 : 1;
  return fit;
}

/// The separator among `candidates` that makes most sense of the lines, or "". Throws Error where
/// two make equal sense.
std::string guess_separator(const std::string& place, const std::vector<std::string>& lines,
                            const DataOptions& options,
                            const std::vector<std::string>& candidates) {
  Fit best;
  for (const std::string& candidate : candidates) {
    const Fit fit = fit_of(candidate, lines, options);
    if (fit.sense == 0) continue;
    // Told that commas stand in numbers, they part columns only where nothing else does.
    if (candidate == "," && options.decimal == "," && best.sense > 0) continue;
    if (fit.sense == best.sense && fit.even && best.even && best.separator != "::") {
      throw Error(place + ": both " + separator_name(best.separator) + " and " +
                  separator_name(candidate) + " make columns of every line, as in " +
                  in_quotes(lines.front()) + "; set data.separator");
    }
    if (fit.sense > best.sense || (fit.sense == best.sense && fit.even && !best.even)) best = fit;
  }
  return best.separator;
}

std::string format_of(const std::string& separator) {
  return separator == "\t" ? "tsv" : separator == "::" ? "movielens" : "csv";
}

bool is_decimal(const std::string& token) {
  return token.find('.') != std::string::npos && rating_of(token).has_value();
}

/// "index:value" behind a label, as LIBSVM and libFM write it.
bool is_libsvm(const std::string& line) {
  const auto tokens = tokens_of(line);
  if (tokens.size() < 2 || !rating_of(tokens[0])) return false;
  return std::all_of(tokens.begin() + 1, tokens.end(), [](const std::string& token) {
    const size_t colon = token.find(':');
    return colon != std::string::npos && all_digits(token.substr(0, colon)) &&
           rating_of(std::string_view(token).substr(colon + 1)).has_value();
  });
}

/// "label |namespace feature ..." of Vowpal Wabbit.
bool is_vowpal_wabbit(const std::string& line) {
  size_t bar = line.find('|');
  if (bar == std::string::npos || (bar > 0 && line[bar - 1] != ' ')) return false;
  for (const std::string& token : tokens_of(line.substr(0, bar))) {
    if (!token.empty() && !rating_of(token)) return false;
  }
  for (; bar != std::string::npos; bar = line.find('|', bar + 1)) {
    const size_t end = std::min(line.find('|', bar + 1), line.size());
    const std::string section = line.substr(bar + 1, end - bar - 1);
    const bool named = !section.empty() && section[0] != ' ' && tokens_of(section).size() > 1;
    if (!named && section.find(':') == std::string::npos) return false;
  }
  return true;
}

bool are_all(const std::vector<std::string>& lines, bool (*is)(const std::string&)) {
  return std::all_of(lines.begin(), lines.end(), is);
}

/// "movie:", then "user,rating,date" or a user alone.
bool is_netflix(const std::vector<std::string>& lines) {
  const std::string_view first = trimmed(lines.front());
  if (first.size() < 2 || !all_digits(first.substr(0, first.size() - 1)) || first.back() != ':')
    return false;
  return std::all_of(lines.begin(), lines.end(), [](const std::string& line) {
    const std::string_view text = trimmed(line);
    return text.back() == ':' || text.find_first_of("\t ;|") == std::string_view::npos;
  });
}

/// Blanks part the fields: a header names them, or the lines list the items of a user.
FormatGuess guess_of_blanks(const std::string& place, const std::vector<std::string>& lines,
                            const FormatInfo* like) {
  const auto first = tokens_of(lines.front());
  const int user = find_column("user", "auto", first), item = find_column("item", "auto", first);
  // "u" and "i" may well be ids.
  if (user >= 0 && item >= 0 && first[user].size() > 1 && first[item].size() > 1)
    return {"csv", " "};
  if (like != nullptr && like->format == "adjacency") return {"adjacency", ""};
  if (like != nullptr && like->separator == " ") return {"csv", " "};
  std::set<size_t> sizes;
  bool decimal = false;
  for (const std::string& line : lines) {
    const auto tokens = tokens_of(line);
    sizes.insert(tokens.size());
    decimal |= std::any_of(tokens.begin(), tokens.end(), is_decimal);
  }
  if (*sizes.rbegin() < 2) {
    throw Error(place + ": no JSON object, tab, comma, ';', '|', '::' or blank in " +
                in_quotes(lines.front()) + "; set data.format or data.separator");
  }
  if (sizes.size() > 1 && !decimal) return {"adjacency", ""};
  const std::string seen =
      sizes.size() > 1
          ? "numbers with a decimal point among blank-separated fields"
          : "every line has " + std::to_string(*sizes.begin()) + " blank-separated fields";
  throw Error(place + ": " + seen +
              ": items of a user, or a rating? Set data.format to adjacency, or data.separator to "
              "a blank (' ')");
}

FormatGuess guess_anew(const std::string& place, const std::vector<std::string>& lines,
                       const DataOptions& options, const FormatInfo* like) {
  const std::string& first = lines.front();
  const size_t start = first.find_first_not_of(" \t");
  if (first[start] == '[') {
    throw Error(place +
                ": a JSON array; write one object a line (jq -c '.[]' does), or set data.format");
  }
  if (first[start] == '{') {
    // A broken first line is reported by the reader of the notation that it resembles.
    return {!scans_as(ObjectDialect::kJson, first) && (scans_as(ObjectDialect::kPython, first) ||
                                                       first.find("{'") != std::string::npos)
                ? "pydict"
                : "json",
            ""};
  }
  if (is_matrix_market(first)) return {"matrixmarket", ""};
  if (is_netflix(lines)) return {"netflix", ""};
  if (are_all(lines, is_libsvm)) {
    throw Error(place +
                ": lines of 'label index:value' (LIBSVM, libFM); write user, item and "
                "rating in columns, or set data.format");
  }
  if (are_all(lines, is_vowpal_wabbit)) {
    throw Error(place +
                ": lines of 'label |namespace feature' (Vowpal Wabbit, VW); write user, "
                "item and rating in columns, or set data.separator");
  }
  const std::string separator = guess_separator(place, lines, options, {"::", "\t", ";", "|", ","});
  return separator.empty() ? guess_of_blanks(place, lines, like)
                           : FormatGuess{format_of(separator), separator};
}

}  // namespace

std::string separator_name(const std::string& separator) {
  return separator == "\t" ? "a tab" : separator == " " ? "blanks" : in_quotes(separator);
}

FormatGuess guess_format(const std::string& place, const std::vector<std::string>& lines,
                         const DataOptions& options, const FormatInfo* like) {
  const std::string& format = options.format;
  for (const char* whole : {"json", "pydict", "adjacency", "matrixmarket", "netflix"}) {
    if (format == whole) return {format, ""};
  }
  if (options.separator != "auto") {
    const std::string separator = separator_text(options.separator);
    return {format == "auto" ? format_of(separator) : format, separator};
  }
  if (format == "tsv") return {format, "\t"};
  if (format == "movielens") return {format, "::"};
  // A part of the same data, where it can be, is read as the part before.
  if (like != nullptr && !like->separator.empty()) {
    const auto rows = split_sample(lines, like->separator);
    if (!rows.empty() && rows[0].size() > 1 && rows[0].size() == like->width)
      return {like->format, like->separator};
  }
  if (format == "auto") return guess_anew(place, lines, options, like);
  const bool recbole = format == "recbole";
  const std::string separator =
      guess_separator(place, lines, options,
                      recbole ? std::vector<std::string>{"\t", ",", ";", "|"}
                              : std::vector<std::string>{",", ";", "|"});
  return {format, separator.empty() ? (recbole ? "\t" : ",") : separator};
}

std::string guess_title_separator(const std::vector<std::string>& lines) {
  std::string best = ",";
  int most = 0;
  for (const char* separator : {"\t", "::", "|", ";", ","}) {
    const auto rows = split_sample(lines, separator);
    if (rows.empty() || rows[0].size() < 2) continue;
    const bool even = std::all_of(rows.begin(), rows.end(),
                                  [&](const auto& row) { return row.size() == rows[0].size(); });
    const int sense = 1 + even + 2 * (find_column("title", "auto", rows[0]) >= 0);
    if (sense > most) best = separator;
    most = std::max(most, sense);
  }
  return best;
}

}  // namespace latent
