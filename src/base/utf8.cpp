#include "src/base/utf8.h"

namespace latent {

void append_utf8(std::string& out, uint32_t code) {
  const auto add = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | (code >> 18 & 7));
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

int32_t next_code_point(std::string_view text, size_t& at) {
  constexpr int32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto byte = [&](size_t n) { return static_cast<unsigned char>(text[n]); };
  const size_t start = at++;
  const int32_t lead = byte(start);
  if (lead < 0x80) return lead;
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || start + length > text.size()) return -1;
  int32_t code = lead & (0x7F >> length);
  for (size_t n = start + 1; n < start + length; ++n) {
    if (byte(n) >> 6 != 2) return -1;
    code = code << 6 | (byte(n) & 0x3F);
  }
  if (code < kLeast[length] || code > 0x10FFFF || code >> 11 == 0xD800 >> 11) return -1;
  at = start + length;
  return code;
}

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (next_code_point(text, at) < 0) return false;
  }
  return true;
}

namespace {

/// The simple lower case of UnicodeData.txt, for blocks where it is an offset or the next code.
int32_t small_letter(int32_t code) {
  const auto within = [&](int32_t first, int32_t last) { return code >= first && code <= last; };
  constexpr int32_t kTimes = 0xD7, kNoGreek = 0x3A2;
  if (within('A', 'Z') || (within(0xC0, 0xDE) && code != kTimes)) return code + 0x20;
  if ((within(0x391, 0x3AB) && code != kNoGreek) || within(0x410, 0x42F)) return code + 0x20;
  if (within(0x400, 0x40F)) return code + 0x50;
  // Pairs of a capital and its small letter: capitals even, or odd.
  if ((within(0x100, 0x12F) || within(0x132, 0x137) || within(0x14A, 0x177)) && code % 2 == 0)
    return code + 1;
  if ((within(0x139, 0x148) || within(0x179, 0x17E)) && code % 2 == 1) return code + 1;
  return code;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const size_t start = at;
    const int32_t code = next_code_point(text, at);
    if (code < 0) {
      out += text[start];
    } else {
      append_utf8(out, static_cast<uint32_t>(small_letter(code)));
    }
  }
  return out;
}

std::string utf8_of_latin1(std::string_view text) {
  std::string out;
  for (const char c : text) append_utf8(out, static_cast<unsigned char>(c));
  return out;
}

}  // namespace latent
