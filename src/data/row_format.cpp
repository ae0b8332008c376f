#include "src/data/row_format.h"

#include <algorithm>
#include <set>

#include "src/base/error.h"
#include "src/data/object_scanner.h"

namespace latent {

namespace {

/// The usual names of each role, most telling first; compared without case, '_', '-' and blanks.
const std::vector<std::string>& usual_names(const std::string& role) {
  static const std::vector<std::string> user = {
      "userid",           "user",     "uid", "reviewerid", "reviewer",
      "user/profilename", "username", "u",   "customerid", "memberid"};
  static const std::vector<std::string> item = {
      "itemid", "item",       "iid",    "bookid",   "movieid", "asin",   "productid",
      "isbn",   "businessid", "songid", "artistid", "trackid", "gameid", "beer/beerid",
      "beerid", "parentasin", "movie",  "book",     "product", "i"};
  static const std::vector<std::string> rating = {
      "rating",  "overall",    "stars", "score", "review/overall",
      "ratings", "bookrating", "r",     "value", "weight"};
  static const std::vector<std::string> time = {
      "timestamp",  "time",     "unixreviewtime", "review/timeunix", "ts",          "unixtime",
      "reviewtime", "datetime", "date",           "dateadded",       "dateupdated", "t"};
  return role == "user" ? user : role == "item" ? item : role == "rating" ? rating : time;
}

std::string folded(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (c != '_' && c != '-' && c != ' ')
      out += static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
  }
  return out;
}

class AdjacencyFormat : public RowFormat {
 public:
  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    split(line);
    if (tokens_.empty()) return true;
    for (const std::string_view token : tokens_) check_id(token, "an adjacency line");
    Row row;
    row.user = tokens_[0];
    for (size_t n = 1; n < tokens_.size(); ++n) {
      row.item = tokens_[n];
      sink(row);
    }
    return true;
  }

 private:
  void split(std::string_view line) {
    tokens_.clear();
    for (size_t at = line.find_first_not_of(" \t"); at < line.size();) {
      const size_t end = std::min(line.find_first_of(" \t", at), line.size());
      tokens_.push_back(line.substr(at, end - at));
      at = line.find_first_not_of(" \t", end);
    }
  }

  std::vector<std::string_view> tokens_;
};

bool scans_as(ObjectDialect dialect, const std::string& line) {
  try {
    ObjectScanner::names(dialect, line);
    return true;
  } catch (const RowError&) {
    return false;
  }
}

size_t count_of(const std::string& line, const std::string& separator) {
  size_t n = 0;
  for (size_t at = 0; (at = line.find(separator, at)) != std::string::npos; at += separator.size())
    ++n;
  return n;
}

size_t tokens_of(const std::string& line) {
  size_t n = 0;
  for (size_t k = 0; k < line.size(); ++k) n += line[k] != ' ' && (k == 0 || line[k - 1] == ' ');
  return n;
}

std::string guess_format(const std::string& path, const std::vector<std::string>& lines) {
  const std::string& first = lines.front();
  const size_t start = first.find_first_not_of(" \t");
  if (first[start] == '[') {
    throw Error(path +
                ":1: a JSON array; write one object a line (jq -c '.[]' does), or set data.format");
  }
  if (first[start] == '{') {
    // A broken first line is reported by the reader of the notation that it resembles.
    return !scans_as(ObjectDialect::kJson, first) && (scans_as(ObjectDialect::kPython, first) ||
                                                      first.find("{'") != std::string::npos)
               ? "pydict"
               : "json";
  }
  if (count_of(first, "::") >= 2) return "movielens";
  if (first.find('\t') != std::string::npos) return "tsv";
  if (first.find(',') != std::string::npos) return "csv";
  std::set<size_t> sizes;
  for (const std::string& line : lines) sizes.insert(tokens_of(line));
  const bool numeric = first.find_first_not_of("0123456789.+-eE ") == std::string::npos;
  // "196 242 3" on every line may be a rating as well as two items: not ours to guess.
  if (sizes.size() == 1 && (*sizes.begin() == 3 || *sizes.begin() == 4) && numeric &&
      lines.size() > 1) {
    throw Error(path + ":1: every line has " + std::to_string(*sizes.begin()) +
                " blank-separated numbers: items of a user, or a rating? Set data.format to "
                "adjacency, or turn the blanks into tabs");
  }
  if (*sizes.rbegin() < 2) {
    throw Error(path + ":1: no JSON object, tab, comma, '::' or blank in " + in_quotes(first) +
                "; set data.format");
  }
  return "adjacency";
}

}  // namespace

std::string resolve_column(const std::string& role, const std::string& wanted,
                           const std::vector<std::string>& columns) {
  if (wanted != "auto")
    return std::find(columns.begin(), columns.end(), wanted) != columns.end() ? wanted : "";
  for (const std::string& usual : usual_names(role)) {
    for (const std::string& column : columns) {
      if (folded(column) == usual) return column;
    }
  }
  return "";
}

std::unique_ptr<RowFormat> open_adjacency_format() {
  auto format = std::make_unique<AdjacencyFormat>();
  format->info = {"adjacency", {}, false, "0", "1", "none", "none"};
  return format;
}

std::unique_ptr<RowFormat> open_format(LineReader& reader, const DataOptions& options,
                                       bool need_time) {
  constexpr size_t kSample = 100;
  std::vector<std::string> lines = reader.peek(kSample);
  std::erase_if(lines, [](const std::string& line) {
    return line.find_first_not_of(" \t") == std::string::npos;
  });
  if (lines.empty()) throw Error(reader.path() + ": no rows in the file");
  const std::string format =
      options.format == "auto" ? guess_format(reader.path(), lines) : options.format;
  if (format == "adjacency") return open_adjacency_format();
  if (format == "json" || format == "pydict")
    return open_object_format(reader.path(), lines, format, options, need_time);
  return open_delimited_format(reader.path(), lines, format, options, need_time);
}

}  // namespace latent
