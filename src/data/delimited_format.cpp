// Comma-, tab- and '::'-separated rows, with or without a header.
#include <algorithm>

#include "src/base/error.h"
#include "src/data/marks.h"
#include "src/data/row_format.h"
#include "src/data/splitter.h"

namespace latent {

namespace {

/// A quoted field may span lines; one that never ends must not swallow the whole file.
constexpr size_t kLongestRecord = 1 << 22;
constexpr size_t kPiece = 4096;  // bytes of plain rows read at once: they stay in the nearest cache
static_assert(kPiece / 2 <= RowBatch::kMost);  // two fields, and what follows each, make four bytes
constexpr int kMostPlainColumns = 64;

const char* separator_of(const std::string& format) {
  return format == "csv" ? "," : format == "tsv" ? "\t" : "::";
}

bool all_digits(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

class DelimitedFormat : public RowFormat {
 public:
  DelimitedFormat(const FormatInfo& resolved, const std::vector<int>& columns)
      : splitter_(separator_of(resolved.format)),
        user_(columns[0]),
        item_(columns[1]),
        rating_(columns[2]),
        time_(columns[3]),
        needed_(1 + *std::max_element(columns.begin(), columns.end())),
        skip_header_(resolved.header) {
    info = resolved;
    user_label_ = info.header ? in_quotes(info.user) : "column " + info.user;
    item_label_ = info.header ? in_quotes(info.item) : "column " + info.item;
    const std::string separator = separator_of(info.format);
    if (separator.size() == 1 && needed_ <= kMostPlainColumns) mark_ = separator[0];
  }

  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    if (line.empty()) return true;
    if (!splitter_.split(line, fields_)) read_on(reader, line);
    if (skip_header_) {
      skip_header_ = false;
      return true;
    }
    if (static_cast<int>(fields_.size()) < needed_) {
      throw RowError("expected " + std::to_string(needed_) + " columns or more, found " +
                     std::to_string(fields_.size()));
    }
    Row row;
    row.user = fields_[user_];
    row.item = fields_[item_];
    check_id(row.user, user_label_);
    check_id(row.item, item_label_);
    if (rating_ >= 0) row.rating = parse_rating(fields_[rating_], info.rating);
    if (time_ >= 0) row.time = parse_time(fields_[time_], info.time);
    sink(row);
    return true;
  }

  void read_ready(LineReader& reader, RowBatch& rows) override {
    rows.clear();
    if (mark_ == '\0' || skip_header_ || --wait_ > 0) return;
    const std::string_view text = reader.ready_lines().substr(0, kPiece);
    const size_t marks =
        find_marks(text.data(), text.size(), mark_, mark_ == ',' ? '"' : mark_, marks_);
    const char* line = text.data();
    int64_t lines = 0;
    for (size_t m = 0; plain_line(text.data(), line, m, marks, rows); ++lines) {
    }
    reader.skip(static_cast<size_t>(line - text.data()), lines);
    // Where rows are seldom plain, looking at a piece for each of them would be in vain.
    patience_ = lines > 0 ? 1 : std::min(2 * patience_, 64);
    wait_ = lines > 0 ? 0 : patience_;
  }

 private:
  /// One row from `line` on; marks_[m] is the first mark in it. False, and nothing is taken, unless
  /// the line is whole and its fields are ASCII without quotes, ids and good numbers.
  bool plain_line(const char* text, const char*& line, size_t& m, size_t marks, RowBatch& rows) {
    int column = 0;
    const char* end = nullptr;
    for (;; ++m) {
      if (m == marks) return false;
      end = text + marks_[m];
      if (column < needed_) ends_[column] = end;
      if (*end != mark_) break;
      ++column;
    }
    if (*end == '\r') ++m;
    if (m == marks || text[marks_[m]] != '\n' || text + marks_[m] - end > 1) return false;
    const char* const next = text + marks_[m++] + 1;
    if (column + 1 < needed_) return false;
    const auto field = [&](int n) {
      const char* const begin = n == 0 ? line : ends_[n - 1] + 1;
      return std::string_view(begin, static_cast<size_t>(ends_[n] - begin));
    };
    Row row;
    row.user = field(user_);
    row.item = field(item_);
    if (row.user.empty() || row.item.empty()) return false;
    if (rating_ >= 0) {
      const std::string_view text = field(rating_);
      const auto digit = text.size() == 1 ? static_cast<unsigned>(text[0] - '0') : 10;
      const auto rating = digit <= 9 ? digit : rating_of(text);
      if (!rating) return false;
      row.rating = *rating;
    }
    if (time_ >= 0) {
      const auto time = time_of(field(time_));
      if (!time) return false;
      row.time = *time;
    }
    rows.push(row);
    line = next;
    return true;
  }

  /// A quoted field goes on in the lines that follow.
  void read_on(LineReader& reader, std::string_view line) {
    record_ = line;
    const int64_t first = reader.line_number();
    while (record_.size() <= kLongestRecord && reader.next(line)) {
      (record_ += '\n') += line;
      // Only a quote can end the field: splitting again for each line would take time squared.
      if (line.find('"') != std::string_view::npos && splitter_.split(record_, fields_)) return;
    }
    throw RowError("the quoted field that begins on line " + std::to_string(first) + " never ends");
  }

  Splitter splitter_;
  int user_, item_, rating_, time_, needed_;
  bool skip_header_;
  std::string user_label_, item_label_;  // for errors
  std::string record_;
  std::vector<std::string_view> fields_;

  char mark_ = '\0';                  // the separator where plain rows are read by read_ready()
  int wait_ = 0, patience_ = 1;       // lines until the next look for plain rows
  uint16_t marks_[kPiece + 8];        // of the piece at hand
  const char* ends_[kMostPlainColumns];  // of a row's fields
};

/// Of digits; more of them than any file has columns are all one to us.
int column_number(const std::string& digits) {
  return digits.size() < 7 ? std::stoi(digits) : 999999;
}

bool is_number(std::string_view text) {
  try {
    parse_rating(text, "");
    return true;
  } catch (const RowError&) {
    return false;
  }
}

bool is_header(const std::vector<std::string>& first, const DataOptions& options) {
  for (const std::string* name : {&options.user, &options.item, &options.rating, &options.time}) {
    if (*name != "auto" && *name != "none" && !all_digits(*name))
      return true;  // a name needs a header
  }
  if (std::any_of(first.begin(), first.end(), is_number)) return false;  // "42,book,3" is a row
  const auto usual = [&](const char* role) { return !resolve_column(role, "auto", first).empty(); };
  if (usual("user") || usual("item")) return true;
  // Where the rating should be stands a word.
  const size_t column = all_digits(options.rating) ? column_number(options.rating) : 2;
  return options.rating != "none" && column < first.size() && !is_number(first[column]);
}

}  // namespace

std::unique_ptr<RowFormat> open_delimited_format(const std::string& path,
                                                 const std::vector<std::string>& lines,
                                                 const std::string& format,
                                                 const DataOptions& options, bool need_time) {
  Splitter splitter(separator_of(format));
  std::vector<std::string_view> views;
  try {
    splitter.split(lines.front(), views);
  } catch (const RowError& e) {
    throw Error(path + ":1: " + e.what());
  }
  const std::vector<std::string> first(views.begin(), views.end());
  FormatInfo info;
  info.format = format;
  info.header = is_header(first, options);
  if (info.header) info.columns = first;
  std::string found;
  for (const std::string& column : first) found += (found.empty() ? "" : ", ") + column;

  std::vector<int> columns;
  const auto pick = [&](const std::string& role, const std::string& wanted, int position,
                        std::string& name) {
    const bool optional = role == "rating" || role == "time";
    int column = -1;
    if (wanted == "none" && optional) {
      column = -1;
    } else if (all_digits(wanted)) {
      column = column_number(wanted);
      if (column >= static_cast<int>(first.size())) {
        throw Error(path + ":1: data." + role + " names column " + wanted + ", but the line has " +
                    std::to_string(first.size()) + " columns (the first is 0)");
      }
    } else if (info.header) {
      const std::string resolved = resolve_column(role, wanted, first);
      if (!resolved.empty()) {
        column = static_cast<int>(std::find(first.begin(), first.end(), resolved) - first.begin());
      } else if (role != "time" || wanted != "auto") {
        throw Error(path + ":1: " +
                    (wanted == "auto" ? "no usual name for the " + role
                                      : "no column " + in_quotes(wanted)) +
                    " in the header " + in_quotes(found) + "; name one in data." + role +
                    (optional ? ", or none" : ""));
      }
    } else if (position < static_cast<int>(first.size())) {
      column = position;
    } else if (!optional) {
      throw Error(path + ":1: expected 2 columns or more, found " + std::to_string(first.size()) +
                  " in " + in_quotes(lines.front()));
    }
    name = column < 0 ? "none" : info.header ? first[column] : std::to_string(column);
    columns.push_back(column);
  };
  pick("user", options.user, 0, info.user);
  pick("item", options.item, 1, info.item);
  if (columns[0] == columns[1])
    throw Error(path + ":1: data.user and data.item both name column " + in_quotes(info.user));
  pick("rating", options.rating, 2, info.rating);
  pick("time", need_time || options.time != "auto" ? options.time : "none", 3, info.time);
  return std::make_unique<DelimitedFormat>(info, columns);
}

}  // namespace latent
