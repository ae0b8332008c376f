#include "src/formats/npy.h"

#include <charconv>

#include "src/base/error.h"
#include "src/base/utf8.h"

namespace latent {

namespace {

constexpr uint32_t kEscaped = 0xDC00;  // Python's "surrogateescape" (PEP 383) adds the byte to it

/// Walks the header's text, a Python dictionary of literals.
class Literals {
 public:
  Literals(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  [[noreturn]] void fail() const {
    throw Error(where_ + ": has a header that cannot be read; write it with np.savez");
  }
  bool take(std::string_view token) {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n')) text_.remove_prefix(1);
    if (!text_.starts_with(token)) return false;
    text_.remove_prefix(token.size());
    return true;
  }
  void need(std::string_view token) {
    if (!take(token)) fail();
  }
  std::string string() {
    const char quote = take("'") ? '\'' : take("\"") ? '"' : '\0';
    const size_t end = text_.find(quote);
    if (quote == '\0' || end == std::string_view::npos) fail();
    const std::string out(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return out;
  }
  int64_t integer() {
    take("");
    int64_t out = 0;
    const auto [end, failed] = std::from_chars(text_.data(), text_.data() + text_.size(), out);
    if (failed != std::errc() || out < 0) fail();
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    take("L");  // Python 2 wrote long integers so
    return out;
  }
  /// A list, brackets included, as it stands.
  std::string list() {
    size_t depth = 0;
    for (size_t n = 0; n < text_.size(); ++n) {
      depth += text_[n] == '[';
      depth -= text_[n] == ']';
      if (depth > 0) continue;
      const std::string out(text_.substr(0, n + 1));
      text_.remove_prefix(n + 1);
      return out;
    }
    fail();
  }
  bool at_list() {
    take("");
    return text_.starts_with("[");
  }

 private:
  std::string_view text_;
  const std::string& where_;
};

}  // namespace

std::string shape_text(const NpyShape& shape) {
  std::string out;
  for (const int64_t extent : shape) {
    if (!out.empty()) out += " x ";
    out += extent == kAnyExtent ? "any" : std::to_string(extent);
  }
  if (shape.size() == 1) return out + " long";
  return out.empty() ? "a single value" : out;
}

int64_t count_of(const NpyShape& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return -1;
  }
  return count;
}

NpyHeader NpyHeader::parse(std::string_view text, const std::string& where) {
  Literals in(text, where);
  NpyHeader out;
  int keys = 0;
  in.need("{");
  while (!in.take("}")) {
    const std::string key = in.string();
    in.need(":");
    if (key == "descr") {
      out.dtype = in.at_list() ? in.list() : in.string();
    } else if (key == "fortran_order") {
      out.fortran_order = in.take("True");
      if (!out.fortran_order) in.need("False");
    } else if (key == "shape") {
      in.need("(");
      while (!in.take(")")) {
        out.shape.push_back(in.integer());
        if (!in.take(",")) {
          in.need(")");
          break;
        }
      }
    } else {
      in.fail();
    }
    ++keys;
    if (!in.take(",")) {
      in.need("}");
      break;
    }
  }
  if (keys != 3 || out.dtype.empty()) in.fail();
  return out;
}

int64_t NpyHeader::width() const {
  int64_t out = 0;
  if (dtype.size() < 3) return -1;
  const char* const last = dtype.data() + dtype.size();
  const auto [end, failed] = std::from_chars(dtype.data() + 2, last, out);
  if (failed != std::errc() || end != last || out < 0 || out > (int64_t{1} << 40)) return -1;
  return dtype[1] == 'U' ? 4 * out : out;
}

std::string NpyHeader::bytes() const {
  std::string extents;
  for (const int64_t extent : shape) extents += std::to_string(extent) + ", ";
  // A trailing comma is needed after a single extent only; the space after it never.
  if (!extents.empty()) extents.erase(extents.size() - (shape.size() == 1 ? 1 : 2));
  std::string text = "{'descr': '" + dtype +
                     "', 'fortran_order': " + (fortran_order ? "True" : "False") + ", 'shape': (" +
                     extents + "), }";
  constexpr size_t kBefore = 10, kAlign = 64;  // magic, version, two bytes of length
  text.append(kAlign - 1 - (kBefore + text.size()) % kAlign, ' ');
  text += '\n';
  std::string out(kNpyMagic);
  out += {'\1', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  return out + text;
}

std::vector<uint32_t> code_points(std::string_view utf8) {
  std::vector<uint32_t> out;
  out.reserve(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[at]);
    if (first < 0x80) {
      out.push_back(first);
      ++at;
      continue;
    }
    const int32_t point = next_code_point(utf8, at);
    out.push_back(point >= 0 ? static_cast<uint32_t>(point) : kEscaped + first);
  }
  return out;
}

std::string from_code_points(std::span<const uint32_t> points) {
  while (!points.empty() && points.back() == 0) points = points.first(points.size() - 1);
  std::string out;
  for (const uint32_t point : points) {
    if (point >= kEscaped + 0x80 && point < kEscaped + 0x100) {
      out += static_cast<char>(point & 0xFF);
    } else {
      append_utf8(out, point);
    }
  }
  return out;
}

}  // namespace latent
