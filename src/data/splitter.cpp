#include "src/data/splitter.h"

#include <algorithm>
#include <cstring>

#include "src/data/row.h"

namespace latent {

bool Splitter::split(std::string_view line, std::vector<std::string_view>& fields) {
  fields.clear();
  if (quotes_ && std::memchr(line.data(), '"', line.size()) != nullptr)
    return split_quoted(line, fields);
  for (size_t at = 0;;) {
    const size_t end = find(line, at);
    fields.push_back(line.substr(at, end - at));
    if (end == std::string_view::npos) return true;
    at = end + separator_.size();
  }
}

size_t Splitter::find(std::string_view line, size_t at) const {
  if (separator_.size() != 1) return line.find(separator_, at);
  const void* hit =
      at < line.size() ? std::memchr(line.data() + at, separator_[0], line.size() - at) : nullptr;
  return hit == nullptr ? std::string_view::npos
                        : static_cast<size_t>(static_cast<const char*>(hit) - line.data());
}

bool Splitter::split_quoted(std::string_view line, std::vector<std::string_view>& fields) {
  // Unquoted text never grows, so views into one reserved buffer stay valid.
  text_.clear();
  text_.reserve(line.size());
  for (size_t at = 0;;) {
    const size_t begin = text_.size();
    if (at < line.size() && line[at] == '"') {
      ++at;
      while (true) {
        const size_t quote = line.find('"', at);
        if (quote == std::string_view::npos) return false;
        text_.append(line.substr(at, quote - at));
        at = quote + 1;
        if (at >= line.size() || line[at] != '"') break;
        text_ += '"';
        ++at;
      }
      if (at < line.size() && line[at] != ',')
        throw RowError("text after a closing quote; double the quotes inside a quoted field");
    } else {
      const size_t end = std::min(line.find(',', at), line.size());
      text_.append(line.substr(at, end - at));
      at = end;
    }
    fields.push_back(std::string_view(text_).substr(begin));
    if (at >= line.size()) return true;
    ++at;
  }
}

}  // namespace latent
