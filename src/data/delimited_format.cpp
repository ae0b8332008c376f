// Rows of columns between separators, with or without a header.
#include <algorithm>
#include <cstring>

#include "src/base/error.h"
#include "src/data/delimited_roles.h"
#include "src/data/marks.h"
#include "src/data/row_text.h"
#include "src/data/splitter.h"
#include "src/data/times.h"

namespace latent {

namespace {

constexpr size_t kPiece = 4096;  // bytes of plain rows read at once: they stay in the nearest cache
static_assert(kPiece / 2 <= RowBatch::kMost);  // two fields, and what follows each, make four bytes
constexpr int kMostPlainColumns = 64;

class DelimitedFormat : public RowFormat {
 public:
  DelimitedFormat(const DelimitedLayout& layout, const DataOptions& options)
      : splitter_(layout.info.separator),
        ratings_(options),
        conditions_(options.where),
        layout_(layout),
        missing_(!options.missing.empty()),
        digit_size_(options.rating_map.empty() ? 1 : std::string::npos),
        least_(static_cast<int>(layout.least)),
        optional_(static_cast<unsigned>(layout.most - layout.least)),
        needed_(1 + std::max({layout.user, layout.item, layout.rating, layout.time})),
        usual_(layout.most),
        skip_header_(layout.info.header) {
    info = layout.info;
    const bool named = !info.columns.empty();
    user_label_ = named ? in_quotes(info.user) : "column " + info.user;
    item_label_ = named ? in_quotes(info.item) : "column " + info.item;
    const std::string& separator = info.separator;
    if (separator.size() == 1 && separator != " " && needed_ <= kMostPlainColumns &&
        conditions_.empty())
      mark_ = separator[0];
  }

  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    if (line.empty()) return true;
    if (!splitter_.split(line, fields_)) read_on(reader, line);
    while (!fields_.empty() && fields_.size() > layout_.most && fields_.back().empty())
      fields_.pop_back();
    if (is_blank()) return true;
    if (skip_header_) {
      skip_header_ = false;
      return true;
    }
    check_width();
    Row row;
    row.user = fields_[layout_.user];
    row.item = fields_[layout_.item];
    row.left_out = !chosen();
    if (row.left_out && (row.user.empty() || row.item.empty())) return true;
    check_id(row.user, user_label_);
    check_id(row.item, item_label_);
    if (!row.left_out) {
      if (layout_.rating >= 0) row.rating = ratings_.parse(fields_[layout_.rating], info.rating);
      if (layout_.time >= 0) row.time = time_in(fields_[layout_.time]);
    }
    if (missing_ && !row.left_out && layout_.rating >= 0 && ratings_.is_missing(row.rating)) {
      ++missing;
    } else {
      sink(row);
    }
    return true;
  }

  void read_ready(LineReader& reader, RowBatch& rows) override {
    rows.clear();
    if (mark_ == '\0' || skip_header_ || --wait_ > 0) return;
    const std::string_view text = reader.ready_lines().substr(0, kPiece);
    const size_t marks = find_marks(text.data(), text.size(), mark_, '"', marks_);
    blanks_ = text.find(' ') != std::string_view::npos;
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
  /// Whether the line whose first mark is marks_[m] has as many columns as the plain one before and
  /// ends in a bare newline. Then ends_ are its fields' and `m` is past it.
  bool find_as_before(const char* text, size_t& m, size_t marks) {
    if (m + usual_ > marks) return false;
    const uint16_t* const at = marks_ + m;
    if (text[at[usual_ - 1]] != '\n') return false;
    for (size_t n = 0; n + 1 < usual_; ++n) {
      if (text[at[n]] != mark_) return false;
    }
    for (int n = 0; n < needed_; ++n) ends_[n] = text + at[n];
    m += usual_;
    return true;
  }

  /// The same for any plain line. False: it is not whole, or not plain.
  bool find_fields(const char* text, size_t& m, size_t marks) {
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
    ++m;
    if (static_cast<unsigned>(column + 1 - least_) <= optional_) {
      usual_ = static_cast<size_t>(column) + 1;
      return true;
    }
    // Separators without anything between them at the end are no columns.
    for (; column >= least_ + static_cast<int>(optional_) && end[-1] == mark_; --column) --end;
    return static_cast<unsigned>(column + 1 - least_) <= optional_;
  }

  /// One row from `line` on; marks_[m] is the first mark in it. False, and nothing is taken, unless
  /// the line is whole and its fields are ASCII without quotes, ids and good numbers.
  bool plain_line(const char* text, const char*& line, size_t& m, size_t marks, RowBatch& rows) {
    if (!find_as_before(text, m, marks) && !find_fields(text, m, marks)) return false;
    const char* const next = text + marks_[m - 1] + 1;
    const auto field = [&](int n) {
      const char* const begin = n == 0 ? line : ends_[n - 1] + 1;
      return std::string_view(begin, static_cast<size_t>(ends_[n] - begin));
    };
    Row row;
    row.user = field(layout_.user);
    row.item = field(layout_.item);
    if (row.user.empty() || row.item.empty()) return false;
    if (blanks_) {  // which may stand beside separators
      row.user = trimmed(row.user);
      row.item = trimmed(row.item);
      if (row.user.empty() || row.item.empty()) return false;
    }
    if (layout_.rating >= 0) {
      const std::string_view text = field(layout_.rating);
      const auto digit = text.size() == digit_size_ ? static_cast<unsigned>(text[0] - '0') : 10;
      const auto rating = digit <= 9 ? digit : ratings_.of(text);
      if (!rating) return false;
      row.rating = *rating;
    }
    if (layout_.time >= 0) {
      const auto time = time_of(field(layout_.time));
      if (!time) return false;
      row.time = *time;
    }
    line = next;
    if (missing_ && ratings_.is_missing(row.rating)) {
      ++missing;
    } else {
      rows.push(row);
    }
    return true;
  }

  bool is_blank() const {
    return std::all_of(fields_.begin(), fields_.end(),
                       [](std::string_view field) { return field.empty(); });
  }

  void check_width() const {
    const size_t found = fields_.size();
    if (found >= layout_.least && found <= layout_.most) return;
    const bool lists = found > 1 && info.columns.empty() && info.format != "movielens";
    throw RowError(found > layout_.most
                       ? "expected " + std::to_string(layout_.most) + " columns, found " +
                             std::to_string(found) +
                             (lists ? "; lists of a user's items are data.format adjacency"
                                    : "; a field that holds the separator must stand in quotes")
                       : "expected " + std::to_string(layout_.least) + " columns or more, found " +
                             std::to_string(found));
  }

  /// By data.where.
  bool chosen() const {
    for (size_t n = 0; n < layout_.where.size(); ++n) {
      if (!conditions_.holds(n, fields_[layout_.where[n]])) return false;
    }
    return true;
  }

  double time_in(std::string_view text) const {
    if (!ratings_.has_comma() || time_of(text)) return parse_time(text, info.time);
    return parse_time(ratings_.with_point(text), info.time);
  }

  /// A quoted field goes on in the lines that follow.
  void read_on(LineReader& reader, std::string_view line) {
    using Grown = Splitter::Grown;
    record_ = {.text = std::string(line)};
    const int64_t first = reader.line_number();
    for (Grown grown = Grown::kOpen; grown == Grown::kOpen && reader.next(line);) {
      grown = splitter_.grow(record_, line, fields_);
      if (grown == Grown::kWhole) return;
    }
    throw RowError("the quoted field that begins on line " + std::to_string(first) + " never ends");
  }

  Splitter splitter_;
  RatingText ratings_;
  Conditions conditions_;
  DelimitedLayout layout_;
  bool missing_;       // some ratings mean none
  size_t digit_size_;  // of a rating that is a digit; npos: it may mean something else
  int least_;          // columns of a row
  unsigned optional_;  // those it may have beyond
  int needed_;         // columns that are looked at
  size_t usual_;       // columns of the last plain row, or the most
  bool skip_header_;
  std::string user_label_, item_label_;  // for errors
  Splitter::LongRecord record_;
  std::vector<std::string_view> fields_;

  char mark_ = '\0';                  // the separator where plain rows are read by read_ready()
  bool blanks_ = false;               // in the piece at hand
  int wait_ = 0, patience_ = 1;       // lines until the next look for plain rows
  uint16_t marks_[kPiece + 8];        // of the piece at hand
  const char* ends_[kMostPlainColumns];  // of a row's fields
};

}  // namespace

std::unique_ptr<RowFormat> open_delimited_format(const FileHead& head, const FormatInfo& guess,
                                                 const DataOptions& options, bool need_time,
                                                 const FormatInfo* like) {
  Splitter splitter(guess.separator);
  std::vector<std::string_view> fields;
  try {
    splitter.split(head.lines.front(), fields);
  } catch (const RowError& e) {
    throw Error(head.place + ": " + e.what());
  }
  const auto rows = split_sample(head.lines, guess.separator);
  if (rows.empty())
    throw Error(head.place +
                ": no whole row at the head of the file; a quoted field never ends, "
                "or data.separator is another");
  return std::make_unique<DelimitedFormat>(
      delimited_layout(head, rows, guess, options, need_time, like), options);
}

}  // namespace latent
