#include "src/data/delimited_roles.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/data/guessed_columns.h"
#include "src/data/row_text.h"
#include "src/data/splitter.h"
#include "src/data/times.h"

namespace latent {

namespace {

using Fields = std::vector<std::string>;

constexpr const char* kRoles[] = {"user", "item", "rating", "time"};

/// Of digits; more of them than any file has columns are all one to us.
int column_number(const std::string& digits) {
  return digits.size() < 7 ? std::stoi(digits) : 999999;
}

/// The header's names without RecBole's types ("user_id:token"), or nothing.
Fields without_types(const Fields& first) {
  Fields out;
  for (const std::string& field : first) {
    const size_t colon = field.rfind(':');
    const std::string type = colon == std::string::npos ? "" : field.substr(colon + 1);
    if (type != "token" && type != "token_seq" && type != "float" && type != "float_seq") return {};
    out.push_back(field.substr(0, colon));
  }
  return out;
}

/// Finds the columns of one file.
class Roles {
 public:
  Roles(const FileHead& head, const std::vector<Fields>& rows, const DataOptions& options,
        const FormatInfo* like)
      : head_(head),
        rows_(rows),
        options_(options),
        like_(like),
        ratings_(options),
        wanted_{&options.user, &options.item, &options.rating, &options.time} {}

  DelimitedLayout layout(const FormatInfo& guess, bool need_time);

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(head_.place + ": " + what); }
  bool told(int role) const { return *wanted_[role] != "auto"; }
  bool none_told() const {
    return std::none_of(std::begin(wanted_), std::end(wanted_),
                        [](const std::string* name) { return *name != "auto"; });
  }
  bool wants_name() const;
  bool has_header(const Fields& first) const;
  bool words_above_numbers(const Fields& first) const;
  void settle_header(DelimitedLayout& out);
  int told_column(int role) const;
  int auto_column(int role) const;
  int column_by_position(int role) const;
  int width() const;
  int free_columns() const;
  std::string shown_first() const { return in_quotes(column_list(rows_[0])); }

  const FileHead& head_;
  const std::vector<Fields>& rows_;
  const DataOptions& options_;
  const FormatInfo* like_;
  RatingText ratings_;
  const std::string* wanted_[4];
  Fields names_;         // of the columns, where a header gives them
  bool header_ = false;  // the first row is one
  bool by_position_ = false, as_like_ = false;
  std::vector<int> taken_;  // columns that have a role
  int column_[4] = {-1, -1, -1, -1};
};

bool Roles::wants_name() const {
  return std::any_of(std::begin(wanted_), std::end(wanted_), [](const std::string* name) {
    return *name != "auto" && *name != "none" && !all_digits(*name);
  });
}

/// Words in the first row, of which one stands above numbers alone.
bool Roles::words_above_numbers(const Fields& first) const {
  for (size_t n = 0; n < first.size(); ++n) {
    if (first[n].empty() || rows_.size() < 2) continue;
    if (std::all_of(rows_.begin() + 1, rows_.end(), [&](const Fields& row) {
          return n < row.size() && rating_of(row[n]).has_value();
        }))
      return true;
  }
  return false;
}

bool Roles::has_header(const Fields& first) const {
  if (options_.header != "auto") return options_.header == "true";
  if (like_ != nullptr && like_->header && first == like_->columns) return true;
  if (wants_name() && names_.empty()) return true;
  // "42,book,3" is a row.
  if (std::any_of(first.begin(), first.end(), [](const std::string& field) {
        return rating_of(field).has_value() || is_date(field);
      }))
    return false;
  if (find_column("user", "auto", first) >= 0 || find_column("item", "auto", first) >= 0)
    return true;
  // Where the rating should be stands a word.
  const size_t column = all_digits(options_.rating) ? column_number(options_.rating) : 2;
  if (options_.rating != "none" && column < first.size() && !ratings_.of(first[column]))
    return true;
  return words_above_numbers(first);
}

void Roles::settle_header(DelimitedLayout& out) {
  const Fields& first = rows_[0];
  const Fields untyped = without_types(first);
  if (out.info.format == "recbole" && untyped.empty())
    fail("no header of RecBole (name:type, such as user_id:token) in " + shown_first());
  // A comment may hold the names: "# user item rating".
  const auto above = split_sample({head_.comment}, out.info.separator);
  if (options_.header != "true" && !above.empty() && above[0].size() == first.size() &&
      find_column("user", "auto", above[0]) >= 0 && find_column("item", "auto", above[0]) >= 0)
    names_ = above[0];
  if (!untyped.empty() && options_.header != "false") {
    names_ = untyped;
    header_ = true;
    out.info.format = "recbole";
  } else if (has_header(first)) {
    names_ = first;
    header_ = true;
  }
  if (!names_.empty()) {
    // A header of which nothing is known leaves the columns to their places, if it is said to be
    // one.
    by_position_ = options_.header == "true" && names_ != untyped;
    for (const char* role : kRoles) by_position_ &= find_column(role, "auto", names_) < 0;
  } else {
    by_position_ = true;
  }
  if (like_ == nullptr || !names_.empty() || like_->separator.empty()) return;
  as_like_ = first.size() == like_->width;
  if (!as_like_ && like_->header)
    fail("has " + std::to_string(first.size()) + " columns and no header, where data.path has " +
         std::to_string(like_->width) + "; give it the same columns or a header");
}

int Roles::told_column(int role) const {
  const std::string& wanted = *wanted_[role];
  const std::string knob = std::string("data.") + kRoles[role];
  if (wanted == "none" && role > 1) return -1;
  if (all_digits(wanted)) {
    const int column = column_number(wanted);
    if (column < static_cast<int>(rows_[0].size())) return column;
    fail(knob + " names column " + wanted + ", but the line has " +
         std::to_string(rows_[0].size()) + " columns (the first is 0)");
  }
  if (names_.empty())
    fail(knob + " = " + in_quotes(wanted) +
         " is a name, but data.header is false; give a column's zero-based number");
  int column = find_column(kRoles[role], wanted, names_);
  if (column < 0 && header_) column = find_column(kRoles[role], wanted, rows_[0]);  // with its type
  if (column < 0)
    fail("no column " + in_quotes(wanted) + " in the header " + in_quotes(column_list(names_)) +
         "; name one in " + knob + (role > 1 ? ", or none" : ""));
  return column;
}

/// Columns with a name, or with a value in some row.
int Roles::width() const {
  size_t width = filled_fields(names_);
  for (const Fields& row : rows_) {
    if (names_.empty()) width = std::max(width, filled_fields(row));
  }
  return static_cast<int>(width);
}

int Roles::free_columns() const {
  int n = 0;
  for (int column = 0; column < width(); ++column)
    n += std::find(taken_.begin(), taken_.end(), column) == taken_.end();
  return n;
}

int Roles::column_by_position(int role) const {
  const int column = as_like_ ? like_->column[role] : role;
  const bool there = column >= 0 && column < width();
  if (there && std::find(taken_.begin(), taken_.end(), column) == taken_.end()) return column;
  if (role == 3 || (role == 2 && (!there || free_columns() == 0))) return -1;
  if (!there)
    fail("expected 2 columns or more, found " + std::to_string(rows_[0].size()) + " in " +
         in_quotes(head_.lines.front()));
  fail("column " + std::to_string(column) + ", where the " + kRoles[role] +
       " would be, has another role; set data." + kRoles[role]);
}

int Roles::auto_column(int role) const {
  if (by_position_) return column_by_position(role);
  const int column = find_column(kRoles[role], "auto", names_, taken_);
  if (column >= 0 || role == 3 || (role == 2 && free_columns() == 0)) return column;
  fail(std::string("no usual name for the ") + kRoles[role] + " in the header " +
       in_quotes(column_list(names_)) + "; name one in data." + kRoles[role] +
       (role == 2     ? ", or none"
        : none_told() ? ", or set data.header to false where that line is a row"
                      : ""));
}

DelimitedLayout Roles::layout(const FormatInfo& guess, bool need_time) {
  DelimitedLayout out;
  out.info = guess;
  settle_header(out);
  // Told roles first: auto never takes a column that has one.
  for (int role = 0; role < 4; ++role) {
    if (!told(role)) continue;
    column_[role] = told_column(role);
    if (column_[role] >= 0) taken_.push_back(column_[role]);
  }
  for (const int role : {0, 1, 3, 2}) {  // a column that is the time's is not free for the rating
    if (told(role)) continue;
    if (role == 3 && by_position_) continue;
    column_[role] = auto_column(role);
    if (column_[role] >= 0) taken_.push_back(column_[role]);
  }
  if (!told(3) && by_position_) column_[3] = auto_column(3);
  if (column_[0] == column_[1])
    fail("data.user and data.item both name column " +
         in_quotes(names_.empty() ? std::to_string(column_[0]) : names_[column_[0]]));
  if (by_position_ && !as_like_)
    check_guessed_columns({head_.place, rows_, options_, column_, header_});
  const auto name = [&](int column) {
    return column < 0 ? "none" : names_.empty() ? std::to_string(column) : names_[column];
  };
  FormatInfo& info = out.info;
  info.header = header_;
  info.columns = names_;
  info.width = names_.empty() ? rows_[0].size() : names_.size();
  std::copy(std::begin(column_), std::end(column_), info.column.begin());
  info.user = name(out.user = column_[0]);
  info.item = name(out.item = column_[1]);
  info.rating = name(out.rating = column_[2]);
  info.found_time = name(column_[3]);
  out.time = need_time || told(3) ? column_[3] : -1;
  info.time = name(out.time);
  const Conditions conditions(options_.where);
  for (const std::string& column : conditions.columns()) {
    const int at = all_digits(column) ? column_number(column) : find_column("", column, names_);
    if (at < 0 || at >= static_cast<int>(info.width))
      fail("data.where: no column " + in_quotes(column) + " in " +
           in_quotes(names_.empty() ? head_.lines.front() : column_list(names_)) +
           "; give a column's name or its zero-based number");
    out.where.push_back(at);
  }
  int last = std::max({out.user, out.item, out.rating, out.time});
  for (const int column : out.where) last = std::max(last, column);
  out.least = static_cast<size_t>(last) + 1;
  if (!header_ && by_position_ && none_told() && options_.format == "auto")
    out.least = std::max(out.least, filled_fields(rows_[0]));
  // A role may lie beyond a first row that is shorter than others.
  out.most = std::max(info.width, out.least);
  return out;
}

}  // namespace

DelimitedLayout delimited_layout(const FileHead& head, const std::vector<Fields>& rows,
                                 const FormatInfo& info, const DataOptions& options, bool need_time,
                                 const FormatInfo* like) {
  return Roles(head, rows, options, like).layout(info, need_time);
}

}  // namespace latent
