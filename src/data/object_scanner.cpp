#include "src/data/object_scanner.h"

#include <unordered_set>
#include <utility>

#include "src/base/error.h"
#include "src/data/row.h"
#include "src/data/string_end.h"
#include "src/data/string_escapes.h"

namespace latent {

namespace {

constexpr int kDeepest = 64;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

}  // namespace

ObjectScanner::ObjectScanner(ObjectDialect dialect, std::vector<std::string> fields)
    : dialect_(dialect),
      fields_(std::move(fields)),
      found_(fields_.size()),
      found_depth_(fields_.size()),
      scratch_(fields_.size()) {}

void ObjectScanner::fail(const std::string& what) const {
  throw RowError(what + " at column " + std::to_string(p_ - begin_ + 1) +
                 (dialect_ == ObjectDialect::kJson
                      ? "; expected one JSON object a line"
                      : "; expected one Python dict of literals a line"));
}

void ObjectScanner::scan(std::string_view line) {
  begin_ = p_ = line.data();
  end_ = p_ + line.size();
  for (Field& field : found_) field = {};
  path_.clear();
  skip_blanks();
  if (!eat('{')) fail("no '{'");
  object(0);
  skip_blanks();
  if (p_ != end_) fail("text after the object");
}

std::vector<std::string> ObjectScanner::names(ObjectDialect dialect, std::string_view line) {
  std::vector<std::string> out;
  ObjectScanner scanner(dialect, {});
  scanner.listing_ = &out;
  scanner.scan(line);
  return out;
}

std::vector<std::string> ObjectScanner::names(ObjectDialect dialect,
                                              const std::vector<std::string>& lines,
                                              std::string& broken) {
  std::vector<std::string> out;
  std::unordered_set<std::string> known;
  for (const std::string& line : lines) {
    try {
      for (std::string& name : names(dialect, line)) {
        if (known.insert(name).second) out.push_back(std::move(name));
      }
    } catch (const RowError& e) {
      if (broken.empty()) broken = e.what();
    }
  }
  return out;
}

void ObjectScanner::skip_blanks() {
  while (p_ != end_ && is_blank(*p_)) ++p_;
}

bool ObjectScanner::eat(char c) {
  if (p_ == end_ || *p_ != c) return false;
  ++p_;
  return true;
}

void ObjectScanner::object(int depth) {
  if (depth > kDeepest) fail("nested deeper than " + std::to_string(kDeepest) + " levels");
  const size_t outer = path_.size();
  skip_blanks();
  if (eat('}')) return;
  // Below the top, only a path that may still lead to a wanted field is spelled out.
  bool follow = depth == 0 || listing_ != nullptr;
  for (const std::string& f : fields_)
    follow = follow || (depth > 0 && f.size() > outer && f.compare(0, outer, path_) == 0);
  while (true) {
    skip_blanks();
    Value key{Kind::kAbsent, {}};
    if (p_ == end_) fail("the line ends inside an object");
    const bool is_text =
        *p_ == '"' || (dialect_ == ObjectDialect::kPython && (*p_ == '\'' || is_letter(*p_)));
    if (!is_text) fail("a key must be a string");
    string(follow, key);
    skip_blanks();
    if (!eat(':')) fail("no ':' after a key");
    skip_blanks();
    const size_t target = follow ? target_of(outer, key.text) : fields_.size();
    // The path is needed only by what looks further.
    const bool spell = follow && (listing_ != nullptr || (p_ != end_ && *p_ == '{'));
    if (spell) path_.append(key.text);
    const size_t inner = path_.size();
    if (spell) path_ += '.';
    Value v{Kind::kAbsent, {}};
    value(depth, target < fields_.size(), v);
    if (target < fields_.size()) keep(target, v, depth);
    if (listing_ != nullptr && v.kind != Kind::kNested) listing_->push_back(path_.substr(0, inner));
    path_.resize(outer);
    skip_blanks();
    if (eat('}')) return;
    if (!eat(','))
      fail(p_ == end_ ? "the line ends inside an object" : "no ',' or '}' after a value");
    if (dialect_ == ObjectDialect::kPython) {
      skip_blanks();
      if (eat('}')) return;
    }
  }
}

/// The last field named by the path so far, `outer` bytes, and `key`; fields_.size(): none.
size_t ObjectScanner::target_of(size_t outer, std::string_view key) const {
  size_t target = fields_.size();
  for (size_t n = 0; n < fields_.size(); ++n) {
    const std::string_view field = fields_[n];
    if (field.size() == outer + key.size() && field.substr(outer) == key &&
        field.substr(0, outer) == path_)
      target = n;
  }
  return target;
}

void ObjectScanner::keep(size_t n, const Value& v, int depth) {
  Field& field = found_[n];
  if (field.kind != Kind::kAbsent) {
    if (found_depth_[n] == depth) fail("field " + in_quotes(fields_[n]) + " is given twice");
    if (found_depth_[n] < depth) return;  // the literal key wins over the path
  }
  found_depth_[n] = depth;
  field.kind = v.kind;
  if (v.text.data() == key_scratch_.data()) {
    scratch_[n] = v.text;
    field.text = scratch_[n];
  } else {
    field.text = v.text;
  }
  // A field may be wanted under two names (user and item alike): later equal names see the same
  // value.
  for (size_t m = 0; m < n; ++m) {
    if (fields_[m] == fields_[n]) found_[m] = field;
  }
}

void ObjectScanner::value(int depth, bool wanted, Value& out) {
  if (p_ == end_) fail("the line ends where a value should be");
  const bool python = dialect_ == ObjectDialect::kPython;
  const char c = *p_;
  if (c == '"' || (python && c == '\'')) return string(wanted, out);
  if (c == '{' || c == '[' || (python && c == '(')) {
    ++p_;
    out.kind = Kind::kNested;
    return c == '{' ? object(depth + 1) : list(c == '[' ? ']' : ')', depth + 1);
  }
  if (is_digit(c) || c == '-' || (python && (c == '+' || c == '.'))) return number(out);
  if (python && is_letter(c)) {
    const char* q = p_;
    while (q != end_ && is_letter(*q)) ++q;
    if (q - p_ <= 2 && q != end_ && (*q == '\'' || *q == '"')) return string(wanted, out);
  }
  word(out);
}

void ObjectScanner::list(char close, int depth) {
  if (depth > kDeepest) fail("nested deeper than " + std::to_string(kDeepest) + " levels");
  // Fields inside lists have no name of their own: nothing in here is wanted.
  const std::string outer = std::move(path_);
  path_ = "\n";
  std::vector<std::string>* listing = listing_;
  listing_ = nullptr;
  skip_blanks();
  if (!eat(close)) {
    while (true) {
      Value v{Kind::kAbsent, {}};
      skip_blanks();
      value(depth, false, v);
      skip_blanks();
      if (eat(close)) break;
      if (!eat(','))
        fail(p_ == end_ ? "the line ends inside a list" : "no ',' or end after a list's value");
      skip_blanks();
      if (dialect_ == ObjectDialect::kPython && eat(close)) break;
    }
  }
  listing_ = listing;
  path_ = outer;
}

void ObjectScanner::string(bool wanted, Value& out) {
  bool raw_prefix = false;
  while (is_letter(*p_)) {
    const char c = *p_ | 0x20;
    if (c != 'u' && c != 'b' && c != 'r') fail("unknown string prefix");
    raw_prefix |= c == 'r';
    if (++p_ == end_) fail("unterminated string");
  }
  const char quote = *p_;
  if (quote != '"' && quote != '\'') fail("no string where one should be");
  const char* first = ++p_;
  const bool escaped = skip_string(quote) && wanted;
  out.kind = Kind::kString;
  const std::string_view raw(first, static_cast<size_t>(p_ - first - 1));
  if (escaped && raw_prefix) fail("a raw string with a backslash is not supported");
  if (escaped) {
    const std::string wrong = unescape(raw, dialect_, key_scratch_);
    if (!wrong.empty()) fail(wrong + " in a string that ends");
  }
  out.text = escaped ? std::string_view(key_scratch_) : raw;
}

bool ObjectScanner::skip_string(char quote) {
  const StringEnd found = string_end(p_, end_, quote);
  if (found.quote == end_) {
    --p_;
    fail("unterminated string");
  }
  p_ = found.quote + 1;
  return found.escaped;
}

void ObjectScanner::number(Value& out) {
  const char* first = p_;
  const bool python = dialect_ == ObjectDialect::kPython;
  if (*p_ == '-' || *p_ == '+') ++p_;
  const char* digits = p_;
  while (p_ != end_ && is_digit(*p_)) ++p_;
  const auto whole = p_ - digits;
  if (!python && (whole == 0 || (whole > 1 && *digits == '0'))) fail("not a number");
  if (p_ != end_ && *p_ == '.') {
    const char* fraction = ++p_;
    while (p_ != end_ && is_digit(*p_)) ++p_;
    if (p_ == fraction && (!python || whole == 0)) fail("not a number");
  } else if (whole == 0) {
    fail("not a number");
  }
  if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
    ++p_;
    if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
    const char* exponent = p_;
    while (p_ != end_ && is_digit(*p_)) ++p_;
    if (p_ == exponent) fail("not a number");
  }
  out.kind = Kind::kNumber;
  out.text = {first, static_cast<size_t>(p_ - first)};
  if (python && p_ != end_ && (*p_ == 'L' || *p_ == 'l')) ++p_;  // Python 2's long
  if (p_ != end_ && (is_letter(*p_) || is_digit(*p_))) fail("not a number");
}

void ObjectScanner::word(Value& out) {
  const char* first = p_;
  while (p_ != end_ && (is_letter(*p_) || is_digit(*p_))) ++p_;
  const std::string_view text(first, static_cast<size_t>(p_ - first));
  const bool python = dialect_ == ObjectDialect::kPython;
  if (text == (python ? "None" : "null")) {
    out = {Kind::kNull, text};
  } else if (text == (python ? "True" : "true") || text == (python ? "False" : "false")) {
    out = {Kind::kBool, text};
  } else {
    p_ = first;
    fail(text.empty() ? "unexpected character" : "not a literal: " + in_quotes(std::string(text)));
  }
}

}  // namespace latent
