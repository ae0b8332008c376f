// JSON lines and Python-dict lines.
#include <algorithm>

#include "src/base/error.h"
#include "src/data/object_scanner.h"
#include "src/data/row_format.h"

namespace latent {

namespace {

using Kind = ObjectScanner::Kind;

class ObjectFormat : public RowFormat {
 public:
  ObjectFormat(ObjectDialect dialect, const FormatInfo& resolved)
      : scanner_(dialect, fields(resolved)),
        rating_(resolved.rating != "none"),
        time_(resolved.time != "none") {
    info = resolved;
    user_label_ = in_quotes(info.user);
    item_label_ = in_quotes(info.item);
  }

  bool read(LineReader& reader, const RowSink& sink) override {
    std::string_view line;
    if (!reader.next(line)) return false;
    if (is_blank(line)) return true;
    sink(row_of(line));
    return true;
  }

  void read_ready(LineReader& reader, RowBatch& rows) override {
    constexpr size_t kBatch = 64;
    rows.clear();
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
          rows.push(row);
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
    row.user = scalar(0, info.user);
    check_id(row.user, user_label_);
    row.item = scalar(1, info.item);
    check_id(row.item, item_label_);
    if (rating_) row.rating = parse_rating(scalar(2, info.rating), info.rating);
    if (time_) row.time = parse_time(scalar(rating_ ? 3 : 2, info.time), info.time);
    return row;
  }

  static std::vector<std::string> fields(const FormatInfo& info) {
    std::vector<std::string> out = {info.user, info.item};
    if (info.rating != "none") out.push_back(info.rating);
    if (info.time != "none") out.push_back(info.time);
    return out;
  }

  std::string_view scalar(size_t n, const std::string& name) const {
    const ObjectScanner::Field& field = scanner_.field(n);
    if (field.kind == Kind::kAbsent) throw RowError("no field " + in_quotes(name));
    if (field.kind == Kind::kNull) throw RowError("field " + in_quotes(name) + " is null");
    if (field.kind == Kind::kNested || field.kind == Kind::kBool) {
      throw RowError("field " + in_quotes(name) + " is neither a string nor a number");
    }
    return field.text;
  }

  ObjectScanner scanner_;
  bool rating_, time_;
  std::string user_label_, item_label_;  // for errors
};

}  // namespace

std::unique_ptr<RowFormat> open_object_format(const std::string& path,
                                              const std::vector<std::string>& lines,
                                              const std::string& format, const DataOptions& options,
                                              bool need_time) {
  const ObjectDialect dialect = format == "json" ? ObjectDialect::kJson : ObjectDialect::kPython;
  FormatInfo info;
  info.format = format;
  // A field may be missing from a line or two; the first line that can be read names the usual
  // ones.
  std::string broken;
  for (const std::string& line : lines) {
    try {
      for (const std::string& name : ObjectScanner::names(dialect, line)) {
        if (std::find(info.columns.begin(), info.columns.end(), name) == info.columns.end())
          info.columns.push_back(name);
      }
    } catch (const RowError& e) {
      if (broken.empty()) broken = e.what();
    }
  }
  if (info.columns.empty()) throw Error(path + ":1: " + broken);
  std::string found;
  for (const std::string& column : info.columns) found += (found.empty() ? "" : ", ") + column;
  const auto pick = [&](const std::string& role, const std::string& wanted,
                        bool optional) -> std::string {
    if (wanted == "none" && optional) return "none";
    // A named field may be absent from the sample: it is then looked for line by line.
    const std::string name = wanted == "auto" ? resolve_column(role, wanted, info.columns) : wanted;
    if (!name.empty()) return name;
    if (role == "time") return "none";
    throw Error(path + ":1: no usual name for the " + role + " among the fields " + found +
                "; name one in data." + role + (optional ? ", or none" : ""));
  };
  info.user = pick("user", options.user, false);
  info.item = pick("item", options.item, false);
  if (info.user == info.item)
    throw Error(path + ":1: data.user and data.item both name " + in_quotes(info.user));
  info.rating = pick("rating", options.rating, true);
  info.time = need_time || options.time != "auto" ? pick("time", options.time, true) : "none";
  return std::make_unique<ObjectFormat>(dialect, info);
}

}  // namespace latent
