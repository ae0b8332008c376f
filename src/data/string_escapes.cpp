#include "src/data/string_escapes.h"

#include <charconv>
#include <cstdint>
#include <cstring>

#include "src/base/utf8.h"

namespace latent {

namespace {

/// `digits` hexadecimal digits at raw[at]; -1 when they are not there.
int64_t hex(std::string_view raw, size_t at, size_t digits) {
  if (at + digits > raw.size()) return -1;
  uint32_t code = 0;
  const char* stop = raw.data() + at + digits;
  const auto [end, failed] = std::from_chars(raw.data() + at, stop, code, 16);
  return failed == std::errc() && end == stop ? int64_t{code} : -1;
}

bool is_surrogate(int64_t code) { return code >= 0xD800 && code < 0xE000; }

/// The character that \x, \u or \U at raw[n] names, in JSON's manner also as two surrogates; n is
/// then the last byte of it. -1: none.
int64_t numbered(std::string_view raw, size_t& n) {
  const size_t digits = raw[n] == 'x' ? 2 : raw[n] == 'u' ? 4 : 8;
  int64_t code = hex(raw, n + 1, digits);
  n += digits;
  if (code >= 0xD800 && code < 0xDC00 && n + 2 < raw.size() && raw[n + 1] == '\\' &&
      raw[n + 2] == 'u') {
    const int64_t low = hex(raw, n + 3, 4);
    if (low >= 0xDC00 && low < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      n += 6;
    }
  }
  return code > 0x10FFFF || is_surrogate(code) ? -1 : code;
}

/// Up to three octal digits from raw[n] on; n is then the last of them.
uint32_t octal(std::string_view raw, size_t& n) {
  uint32_t code = 0;
  size_t digits = 0;
  for (; digits < 3 && n < raw.size() && raw[n] >= '0' && raw[n] <= '7'; ++digits, ++n)
    code = code * 8 + (raw[n] - '0');
  --n;
  return code;
}

}  // namespace

std::string unescape(std::string_view raw, ObjectDialect dialect, std::string& out) {
  const bool python = dialect == ObjectDialect::kPython;
  out.clear();
  for (size_t n = 0; n < raw.size(); ++n) {
    if (raw[n] != '\\') {
      out += raw[n];
      continue;
    }
    const char c = raw[++n];
    static constexpr char kFrom[] = "\"\\/bfnrt", kTo[] = "\"\\/\b\f\n\r\t";
    const char* simple = c != '\0' ? std::strchr(kFrom, c) : nullptr;
    if (simple != nullptr && !(python && c == '/')) {
      out += kTo[simple - kFrom];
    } else if (python && c == '\'') {
      out += c;
    } else if (python && (c == 'a' || c == 'v')) {
      out += c == 'a' ? '\a' : '\v';
    } else if (python && c >= '0' && c <= '7') {
      append_utf8(out, octal(raw, n));
    } else if (c == 'u' || (python && (c == 'x' || c == 'U'))) {
      const int64_t code = numbered(raw, n);
      if (code < 0) return "a wrong \\" + std::string(1, c) + " escape";
      append_utf8(out, static_cast<uint32_t>(code));
    } else if (python) {
      (out += '\\') += c;  // Python keeps a backslash that means nothing
    } else {
      return "unknown escape '\\" + std::string(1, c) + "'";
    }
  }
  return "";
}

}  // namespace latent
