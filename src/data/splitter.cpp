#include "src/data/splitter.h"

#include <algorithm>
#include <cstring>

#include "src/data/row.h"

namespace latent {

bool Splitter::split(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  if (separator_ == " ") line = bare(line);
  if (line.find('"') != std::string_view::npos) return split_quoted(line, fields);
  for (size_t at = 0;;) {
    const size_t end = find(line, at);
    fields.push_back(bare(line.substr(at, end - at)));
    if (end == std::string_view::npos) return true;
    at = separator_ == " " ? after_blanks(line, end) : end + separator_.size();
  }
}

namespace {

/// Whether some quote in a line within a quoted field ends that field: two in a row are one that
/// belongs to the text.
bool closes(std::string_view line) {
  for (size_t at = line.find('"'); at != std::string_view::npos; at = line.find('"', at)) {
    const size_t end = std::min(line.find_first_not_of('"', at), line.size());
    if ((end - at) % 2 != 0) return true;
    at = end;
  }
  return false;
}

}  // namespace

Splitter::Grown Splitter::grow(LongRecord& record, std::string_view line,
                               std::vector<std::string_view>& fields) {
  constexpr size_t kLongest = 1 << 22;       // one that never ends must not swallow the file
  constexpr size_t kMostLookedAt = 1 << 26;  // splitting anew for each line takes time squared
  (record.text += '\n') += line;
  if (record.text.size() > kLongest) return Grown::kEndless;
  if (!closes(line)) return Grown::kOpen;
  record.looked_at += record.text.size();
  if (record.looked_at > kMostLookedAt) return Grown::kEndless;
  return split(record.text, fields) ? Grown::kWhole : Grown::kOpen;
}

size_t Splitter::find(std::string_view line, size_t at) const {
  if (separator_ == " ") return line.find_first_of(" \t", at);
  if (separator_.size() != 1) return line.find(separator_, at);
  const void* hit =
      at < line.size() ? std::memchr(line.data() + at, separator_[0], line.size() - at) : nullptr;
  return hit == nullptr ? std::string_view::npos
                        : static_cast<size_t>(static_cast<const char*>(hit) - line.data());
}

std::string_view Splitter::bare(std::string_view text) const {
  const auto is_blank = [&](char c) { return c == ' ' || (c == '\t' && blanks_[1] == '\t'); };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

size_t Splitter::after_blanks(std::string_view line, size_t at) const {
  return std::min(line.find_first_not_of(blanks_, at), line.size());
}

/// Unquotes the field whose opening quote is line[at] into text_ and moves `at` to the separator
/// after it. kNone: it is plain text after all, and nothing has changed.
Splitter::Quoted Splitter::quoted_field(std::string_view line, size_t& at) {
  const size_t begin = text_.size();
  size_t next = at + 1;
  while (true) {
    const size_t quote = line.find('"', next);
    if (quote == std::string_view::npos) {
      text_.resize(begin);
      return strict_ ? Quoted::kOpen : Quoted::kNone;
    }
    text_.append(line.substr(next, quote - next));
    next = quote + 1;
    if (next >= line.size() || line[next] != '"') break;
    text_ += '"';
    ++next;
  }
  const size_t end = after_blanks(line, next);
  const bool ends = end == line.size() ||
                    (separator_ == " " ? end > next : line.substr(end).starts_with(separator_));
  if (!ends) {
    if (strict_)
      throw RowError("text after a closing quote; double the quotes inside a quoted field");
    text_.resize(begin);
    return Quoted::kNone;
  }
  at = separator_ == " " ? next : end;
  return Quoted::kWhole;
}

bool Splitter::split_quoted(std::string_view line, std::vector<std::string_view>& fields) {
  // Unquoted text never grows, so views into one reserved buffer stay valid.
  text_.clear();
  text_.reserve(line.size());
  for (size_t at = 0;;) {
    const size_t begin = text_.size();
    const size_t first = after_blanks(line, at);
    Quoted quoted = Quoted::kNone;
    if (first < line.size() && line[first] == '"') {
      at = first;
      quoted = quoted_field(line, at);
    }
    if (quoted == Quoted::kOpen) return false;
    if (quoted == Quoted::kNone) {
      const size_t end = std::min(find(line, at), line.size());
      text_.append(bare(line.substr(at, end - at)));
      at = end;
    }
    fields.push_back(std::string_view(text_).substr(begin));
    if (at >= line.size()) return true;
    at = separator_ == " " ? after_blanks(line, at) : at + separator_.size();
  }
}

std::string separator_text(const std::string& knob) { return knob == "\\t" ? "\t" : knob; }

std::vector<std::vector<std::string>> split_sample(const std::vector<std::string>& lines,
                                                   const std::string& separator) {
  Splitter splitter(separator);
  std::vector<std::vector<std::string>> out;
  std::vector<std::string_view> fields;
  std::string record;
  for (const std::string& line : lines) {
    record = record.empty() ? line : record + "\n" + line;
    try {
      if (!splitter.split(record, fields)) continue;
      std::vector<std::string> row(fields.begin(), fields.end());
      if (filled_fields(row) > 0) out.push_back(std::move(row));
    } catch (const RowError&) {  // the reader will say so
    }
    record.clear();
  }
  return out;
}

size_t filled_fields(const std::vector<std::string>& row) {
  size_t n = row.size();
  while (n > 0 && row[n - 1].empty()) --n;
  return n;
}

}  // namespace latent
