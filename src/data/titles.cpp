#include "src/data/titles.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/utf8.h"
#include "src/data/line_reader.h"
#include "src/data/object_scanner.h"
#include "src/data/row.h"
#include "src/data/row_format.h"
#include "src/data/splitter.h"

namespace latent {

namespace {

const std::vector<std::string> kIdNames = {"item_id", "book_id",    "id",           "movie_id",
                                           "movieid", "asin",       "itemid",       "bookid",
                                           "isbn",    "product_id", "best_book_id", "work_id"};
const std::vector<std::string> kTitleNames = {"title", "original_title", "name", "movie_title",
                                              "book_title"};

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  return text;
}

std::string utf8_of_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

/// The side file as a table of text: a header or column numbers, and rows of fields.
struct SideTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  std::vector<int64_t> lines;
};

SideTable read_delimited(LineReader& reader, const TitleOptions& options,
                         const std::string& first) {
  std::string separator = options.separator;
  if (separator == "auto") {
    separator = first.find('\t') != std::string::npos   ? "\t"
                : first.find('|') != std::string::npos  ? "|"
                : first.find("::") != std::string::npos ? "::"
                                                        : ",";
  }
  if (separator == "\\t") separator = "\t";
  Splitter splitter(separator);
  SideTable table;
  std::vector<std::string_view> fields;
  std::string_view line;
  std::string record;
  while (reader.next(line)) {
    if (line.empty()) continue;
    const int64_t number = reader.line_number();
    if (!splitter.split(line, fields)) {
      record = line;
      do {
        if (!reader.next(line) || record.size() > (1 << 20))
          throw RowError("the quoted field that begins on line " + std::to_string(number) +
                         " never ends");
        (record += '\n') += line;
      } while (!splitter.split(record, fields));
    }
    table.rows.emplace_back(fields.begin(), fields.end());
    table.lines.push_back(number);
  }
  // A header is a first line that names the wanted columns.
  const auto names_one = [&](const std::vector<std::string>& usual) {
    return std::any_of(table.rows[0].begin(), table.rows[0].end(), [&](const std::string& f) {
      return std::find(usual.begin(), usual.end(), lower(f)) != usual.end();
    });
  };
  const bool named = (options.id != "auto" && !all_digits(options.id)) ||
                     (options.title != "auto" && !all_digits(options.title));
  if (!table.rows.empty() && (named || names_one(kIdNames) || names_one(kTitleNames))) {
    table.names = table.rows[0];
    table.rows.erase(table.rows.begin());
    table.lines.erase(table.lines.begin());
  }
  return table;
}

SideTable read_objects(LineReader& reader, const TitleOptions& options, const std::string& first) {
  const bool json = first.find("{'") == std::string::npos && first.find("{u'") == std::string::npos;
  const ObjectDialect dialect = json ? ObjectDialect::kJson : ObjectDialect::kPython;
  SideTable table;
  for (const std::string& name : ObjectScanner::names(dialect, first)) {
    const auto wanted = [&](const std::string& option, const std::vector<std::string>& usual) {
      return option == "auto" ? std::find(usual.begin(), usual.end(), lower(name)) != usual.end()
                              : option == name;
    };
    if (wanted(options.id, kIdNames) || wanted(options.title, kTitleNames))
      table.names.push_back(name);
  }
  ObjectScanner scanner(dialect, table.names);
  for (std::string_view line; reader.next(line);) {
    if (line.empty()) continue;
    scanner.scan(line);
    std::vector<std::string> row;
    for (size_t n = 0; n < table.names.size(); ++n) row.emplace_back(scanner.field(n).text);
    table.rows.push_back(std::move(row));
    table.lines.push_back(reader.line_number());
  }
  return table;
}

/// The columns that `wanted` may stand for: a named or numbered one, or all usual ones.
std::vector<size_t> columns_of(const SideTable& table, const std::string& wanted,
                               const std::vector<std::string>& usual, size_t position,
                               const std::string& knob, const std::string& path) {
  std::vector<size_t> out;
  if (all_digits(wanted) && wanted.size() < 7) return {std::stoul(wanted)};
  if (wanted == "auto" && table.names.empty()) return {position};
  for (const std::string& name : wanted == "auto" ? usual : std::vector<std::string>{wanted}) {
    for (size_t n = 0; n < table.names.size(); ++n) {
      if (wanted == "auto" ? lower(table.names[n]) == name : table.names[n] == name)
        out.push_back(n);
    }
  }
  std::string found;
  for (const std::string& name : table.names) found += (found.empty() ? "" : ", ") + name;
  if (out.empty())
    throw Error(path + ":1: no column for " + knob +
                (wanted == "auto" ? "" : " = " + in_quotes(wanted)) + " among " + in_quotes(found));
  return out;
}

}  // namespace

Titles load_titles(const TitleOptions& options, const IdMap& items) {
  Titles out;
  if (options.path.empty()) return out;
  LineReader reader(options.path);
  const std::vector<std::string> first = reader.peek(1);
  SideTable table;
  try {
    table = !first.empty() && first[0].rfind("{", 0) == 0
                ? read_objects(reader, options, first[0])
                : read_delimited(reader, options, first.at(0));
  } catch (const RowError& e) {
    throw Error(options.path + ":" + std::to_string(reader.line_number()) + ": " + e.what());
  }
  const auto ids = columns_of(table, options.id, kIdNames, 0, "data.titles.id", options.path);
  const size_t title =
      columns_of(table, options.title, kTitleNames, 1, "data.titles.title", options.path)[0];
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
    const std::string text =
        options.encoding == "latin-1" ? utf8_of_latin1(row[title]) : row[title];
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
