#include "src/data/titles.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/utf8.h"
#include "src/data/column_roles.h"
#include "src/data/file_kind.h"
#include "src/data/format_guess.h"
#include "src/data/line_reader.h"
#include "src/data/object_scanner.h"
#include "src/data/row.h"
#include "src/data/splitter.h"

namespace latent {

namespace {

/// Columns that may hold the items' ids: the usual names of ratings' items, and those that side
/// files have beside them.
std::vector<size_t> id_columns(const std::vector<std::string>& names) {
  std::vector<size_t> out;
  for (const int n : usual_columns("item", names)) out.push_back(static_cast<size_t>(n));
  for (size_t n = 0; n < names.size(); ++n) {
    for (const char* more : {"id", "Id", "ID", "best_book_id", "work_id"}) {
      if (names[n] == more) out.push_back(n);
    }
  }
  return out;
}

std::vector<size_t> title_columns(const std::vector<std::string>& names) {
  std::vector<size_t> out;
  for (const int n : usual_columns("title", names)) out.push_back(static_cast<size_t>(n));
  return out;
}

/// The side file as a table of text: a header or column numbers, and rows of fields.
struct SideTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  std::vector<int64_t> lines;
};

/// The field without RecBole's type: "movie_title:token_seq".
std::string without_type(const std::string& field) {
  const size_t colon = field.rfind(':');
  const std::string type = colon == std::string::npos ? "" : field.substr(colon + 1);
  return type == "token" || type == "token_seq" || type == "float" || type == "float_seq"
             ? field.substr(0, colon)
             : field;
}

/// A first row that names the wanted columns, or words where numbers would be.
bool is_header(const std::vector<std::string>& names, const TitleOptions& options) {
  const auto named = [](const std::string& wanted) {
    return wanted != "auto" && !all_digits(wanted);
  };
  const bool numbers = std::any_of(names.begin(), names.end(), all_digits);
  return named(options.id) || named(options.title) || !title_columns(names).empty() ||
         (!id_columns(names).empty() && !numbers);
}

SideTable read_delimited(LineReader& reader, const TitleOptions& options,
                         const std::vector<std::string>& first) {
  Splitter splitter(options.separator == "auto" ? guess_title_separator(first)
                                                : separator_text(options.separator));
  if (options.separator.empty())
    throw Error("data.titles.separator is empty; give a text such as | or leave it auto");
  SideTable table;
  std::vector<std::string_view> fields;
  std::string_view line;
  Splitter::LongRecord record;
  while (reader.next(line)) {
    if (line.empty()) continue;
    const int64_t number = reader.line_number();
    if (!splitter.split(line, fields)) {
      using Grown = Splitter::Grown;
      record = {.text = std::string(line)};
      Grown grown = Grown::kOpen;
      while (grown == Grown::kOpen && reader.next(line))
        grown = splitter.grow(record, line, fields);
      if (grown != Grown::kWhole)
        throw RowError("the quoted field that begins on line " + std::to_string(number) +
                       " never ends");
    }
    table.rows.emplace_back(fields.begin(), fields.end());
    if (filled_fields(table.rows.back()) == 0) {
      table.rows.pop_back();
    } else {
      table.lines.push_back(number);
    }
  }
  if (table.rows.empty()) return table;
  std::vector<std::string> names;
  for (const std::string& field : table.rows[0]) names.push_back(without_type(field));
  if (is_header(names, options)) {
    table.names = names;
    table.rows.erase(table.rows.begin());
    table.lines.erase(table.lines.begin());
  }
  return table;
}

SideTable read_objects(LineReader& reader, const TitleOptions& options, ObjectDialect dialect,
                       const std::vector<std::string>& first) {
  SideTable table;
  std::string broken;
  // A field may be missing from the first line.
  const std::vector<std::string> all = ObjectScanner::names(dialect, first, broken);
  if (!broken.empty()) throw RowError(broken);
  std::vector<char> wanted(all.size());
  for (const size_t n : id_columns(all)) wanted[n] |= options.id == "auto";
  for (const size_t n : title_columns(all)) wanted[n] |= options.title == "auto";
  for (size_t n = 0; n < all.size(); ++n) {
    if (wanted[n] || all[n] == options.id || all[n] == options.title) table.names.push_back(all[n]);
  }
  using Kind = ObjectScanner::Kind;
  ObjectScanner scanner(dialect, table.names);
  for (std::string_view line; reader.next(line);) {
    if (trimmed(line).empty()) continue;
    scanner.scan(line);
    std::vector<std::string> row;
    for (size_t n = 0; n < table.names.size(); ++n) {
      const ObjectScanner::Field& field = scanner.field(n);
      const bool text = field.kind == Kind::kString || field.kind == Kind::kNumber;
      row.emplace_back(text ? field.text : std::string_view());
    }
    table.rows.push_back(std::move(row));
    table.lines.push_back(reader.line_number());
  }
  return table;
}

SideTable read_table(LineReader& reader, const TitleOptions& options) {
  constexpr size_t kSample = 100;
  refuse_other_kinds(options.path, reader.ahead());
  reader.skip_head();
  std::vector<std::string> first = reader.peek(kSample);
  std::erase_if(first, [](const std::string& line) { return trimmed(line).empty(); });
  if (first.empty()) throw Error(options.path + ": no rows in the file");
  refuse_other_kinds(options.path, first[0]);
  const char begin = trimmed(first[0])[0];
  if (options.separator != "auto" || (begin != '{' && begin != '['))
    return read_delimited(reader, options, first);
  const std::string place = options.path + ":" + std::to_string(reader.line_number() + 1);
  const std::string format = guess_format(place, first, {}, nullptr).format;
  return read_objects(reader, options,
                      format == "json" ? ObjectDialect::kJson : ObjectDialect::kPython, first);
}

/// The columns that `wanted` may stand for: a named or numbered one, or those in `out`, the usual
/// ones; `position` where there is no header.
std::vector<size_t> columns_of(const SideTable& table, const std::string& wanted,
                               std::vector<size_t> out, size_t position, const std::string& knob,
                               const std::string& path) {
  if (all_digits(wanted) && wanted.size() < 7) {
    const size_t column = std::stoul(wanted);
    if (!table.names.empty() && column >= table.names.size())
      throw Error(path + ":1: " + knob + " is column " + wanted + ", and the file has only " +
                  std::to_string(table.names.size()) + " (the first is 0)");
    return {column};
  }
  if (wanted == "auto" && table.names.empty()) return {position};
  if (wanted != "auto") {
    out.clear();
    if (const int n = find_column("", wanted, table.names); n >= 0)
      out.push_back(static_cast<size_t>(n));
  }
  if (out.empty())
    throw Error(path + ":1: no column for " + knob +
                (wanted == "auto" ? "" : " = " + in_quotes(wanted)) + " among " +
                in_quotes(column_list(table.names)));
  return out;
}

}  // namespace

Titles load_titles(const TitleOptions& options, const IdMap& items) {
  Titles out;
  if (options.path.empty()) return out;
  LineReader reader(options.path, {},
                    options.encoding == "latin-1" ? Encoding::kLatin1 : Encoding::kUtf8);
  SideTable table;
  try {
    table = read_table(reader, options);
  } catch (const RowError& e) {
    throw Error(options.path + ":" + std::to_string(reader.line_number()) + ": " + e.what());
  }
  const auto ids =
      columns_of(table, options.id, id_columns(table.names), 0, "data.titles.id", options.path);
  const size_t title = columns_of(table, options.title, title_columns(table.names), 1,
                                  "data.titles.title", options.path)[0];
  // Files such as goodbooks' books.csv have several id columns; the one that the ratings use
  // matches most.
  size_t best = ids[0];
  int64_t most = -1;
  for (const size_t column : ids) {
    int64_t matches = 0;
    for (const auto& row : table.rows)
      matches += column < row.size() && items.find(row[column]) >= 0;
    if (matches > most) best = column;
    most = std::max(most, matches);
  }
  out.id_column = table.names.empty() ? std::to_string(best) : table.names[best];
  out.of_item.resize(items.size());
  for (size_t n = 0; n < table.rows.size(); ++n) {
    const auto& row = table.rows[n];
    if (best >= row.size() || title >= row.size()) {
      throw Error(options.path + ":" + std::to_string(table.lines[n]) + ": expected " +
                  std::to_string(std::max(best, title) + 1) + " columns or more, found " +
                  std::to_string(row.size()));
    }
    const int32_t item = items.find(row[best]);
    if (item < 0 || !out.of_item[item].empty()) continue;
    const std::string& text = row[title];
    if (!is_utf8(text))
      throw Error(options.path + ":" + std::to_string(table.lines[n]) +
                  ": the title is not valid UTF-8; set data.titles.encoding = latin-1");
    out.of_item[item] = text;
    out.matched += !text.empty();
  }
  if (2 * out.matched < items.size()) {
    say(options.path + ": only " + std::to_string(out.matched) + " of " +
        std::to_string(items.size()) + " items have a title by its column '" + out.id_column +
        "'; is data.titles.id the column that the ratings use?");
  }
  return out;
}

}  // namespace latent
