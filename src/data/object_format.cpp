// JSON lines and Python-dict lines.
#include <algorithm>

#include "src/base/error.h"
#include "src/data/object_scanner.h"
#include "src/data/row_format.h"
#include "src/data/row_text.h"
#include "src/data/times.h"

namespace latent {

namespace {

using Kind = ObjectScanner::Kind;

class ObjectFormat : public RowFormat {
 public:
  ObjectFormat(ObjectDialect dialect, const FormatInfo& resolved, const DataOptions& options)
      : ratings_(options),
        conditions_(options.where),
        missing_(!options.missing.empty()),
        fields_(fields(resolved, conditions_)),
        scanner_(dialect, distinct(fields_)),
        rating_(resolved.rating != "none"),
        time_(resolved.time != "none") {
    info = resolved;
    user_label_ = in_quotes(info.user);
    item_label_ = in_quotes(info.item);
    const std::vector<std::string> scanned = distinct(fields_);
    for (const std::string& name : fields_)
      slot_.push_back(std::find(scanned.begin(), scanned.end(), name) - scanned.begin());
  }

  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    if (is_blank(line)) return true;
    const Row row = row_of(line);
    if (is_missing(row)) {
      ++missing;
    } else {
      sink(row);
    }
    return true;
  }

  void read_ready(LineReader& reader, RowBatch& rows) override {
    constexpr size_t kBatch = 64;
    rows.clear();
    if (!conditions_.empty()) return;
    const std::string_view text = reader.ready_lines();
    size_t at = 0;
    int64_t lines = 0;
    try {
      while (at < text.size() && rows.size() < kBatch) {
        const size_t newline = text.find('\n', at);
        std::string_view line = text.substr(at, newline - at);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (!is_blank(line)) {
          const Row row = row_of(line);
          if (!lies_in(row.user, line) || !lies_in(row.item, line)) break;
          if (is_missing(row)) {
            ++missing;
          } else {
            rows.push(row);
          }
        }
        at = newline + 1;
        ++lines;
      }
    } catch (const RowError&) {  // read() will meet it again, and say on which line
    }
    reader.skip(at, lines);
  }

 private:
  static bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t") == std::string_view::npos;
  }
  /// Not unescaped into a buffer that the next line overwrites.
  static bool lies_in(std::string_view id, std::string_view line) {
    return id.data() >= line.data() && id.data() < line.data() + line.size();
  }

  Row row_of(std::string_view line) {
    scanner_.scan(line);
    Row row;
    row.left_out = !chosen();
    row.user = scalar(0, info.user);
    check_id(row.user, user_label_);
    row.item = scalar(1, info.item);
    check_id(row.item, item_label_);
    if (row.left_out) return row;
    if (rating_) row.rating = rating();
    if (time_) row.time = parse_time(scalar(rating_ ? 3 : 2, info.time), info.time);
    return row;
  }

  double rating() const {
    const ObjectScanner::Field& found = field(2);
    if (found.kind == Kind::kNumber) return ratings_.parse_number(found.text, info.rating);
    if (found.kind == Kind::kBool) return ratings_.parse(found.text, info.rating);
    return ratings_.parse(scalar(2, info.rating), info.rating);
  }

  bool is_missing(const Row& row) const {
    return missing_ && rating_ && !row.left_out && ratings_.is_missing(row.rating);
  }

  /// By data.where; a field that is not there is no value.
  bool chosen() const {
    const size_t first = 2 + rating_ + time_;
    for (size_t n = 0; n < conditions_.columns().size(); ++n) {
      const ObjectScanner::Field& found = field(first + n);
      if (found.kind == Kind::kAbsent || found.kind == Kind::kNull || found.kind == Kind::kNested ||
          !conditions_.holds(n, found.text))
        return false;
    }
    return true;
  }

  /// One field may be asked for twice: as the rating and by a condition, say.
  static std::vector<std::string> distinct(std::vector<std::string> names) {
    for (size_t n = 0; n < names.size();) {
      const auto end = names.begin() + static_cast<int64_t>(n);
      if (std::find(names.begin(), end, names[n]) != end) {
        names.erase(end);
      } else {
        ++n;
      }
    }
    return names;
  }

  static std::vector<std::string> fields(const FormatInfo& info, const Conditions& conditions) {
    std::vector<std::string> out = {info.user, info.item};
    if (info.rating != "none") out.push_back(info.rating);
    if (info.time != "none") out.push_back(info.time);
    out.insert(out.end(), conditions.columns().begin(), conditions.columns().end());
    return out;
  }

  const ObjectScanner::Field& field(size_t n) const { return scanner_.field(slot_[n]); }

  std::string_view scalar(size_t n, const std::string& name) const {
    const ObjectScanner::Field& found = field(n);
    if (found.kind == Kind::kAbsent) throw RowError("no field " + in_quotes(name));
    if (found.kind == Kind::kNull) throw RowError("field " + in_quotes(name) + " is null");
    if (found.kind == Kind::kNested || found.kind == Kind::kBool) {
      throw RowError("field " + in_quotes(name) + " is neither a string nor a number");
    }
    return found.text;
  }

  RatingText ratings_;
  Conditions conditions_;
  bool missing_;
  std::vector<std::string> fields_;
  std::vector<size_t> slot_;  // of each in the scanner
  ObjectScanner scanner_;
  bool rating_, time_;
  std::string user_label_, item_label_;  // for errors
};

}  // namespace

std::unique_ptr<RowFormat> open_object_format(const FileHead& head, const std::string& format,
                                              const DataOptions& options, bool need_time) {
  const ObjectDialect dialect = format == "json" ? ObjectDialect::kJson : ObjectDialect::kPython;
  FormatInfo info;
  info.format = format;
  // A field may be missing from a line or two; the first line that can be read names the usual
  // ones.
  std::string broken;
  info.columns = ObjectScanner::names(dialect, head.lines, broken);
  if (info.columns.empty()) throw Error(head.place + ": " + broken);
  std::vector<int> taken;  // fields that have a role: auto leaves them alone
  const auto take = [&](const std::string& name) {
    const auto at = std::find(info.columns.begin(), info.columns.end(), name);
    if (at != info.columns.end()) taken.push_back(static_cast<int>(at - info.columns.begin()));
    return name;
  };
  const auto pick = [&](const std::string& role, const std::string& wanted) -> std::string {
    const bool optional = role == "rating" || role == "time";
    // A named field may be absent from the sample: it is then looked for line by line.
    if (wanted != "auto") return wanted;
    const int column = find_column(role, wanted, info.columns, taken);
    if (column >= 0) return take(info.columns[column]);
    if (role == "time") return "none";
    throw Error(head.place + ": no usual name for the " + role + " among the fields " +
                column_list(info.columns) + "; name one in data." + role +
                (optional ? ", or none" : ""));
  };
  for (const std::string* told : {&options.user, &options.item, &options.rating, &options.time})
    take(*told);
  info.user = pick("user", options.user);
  info.item = pick("item", options.item);
  if (info.user == info.item)
    throw Error(head.place + ": data.user and data.item both name " + in_quotes(info.user));
  info.rating = pick("rating", options.rating);
  info.found_time = pick("time", options.time);
  info.time = need_time || options.time != "auto" ? info.found_time : "none";
  return std::make_unique<ObjectFormat>(dialect, info, options);
}

}  // namespace latent
