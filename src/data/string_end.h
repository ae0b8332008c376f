// The end of a quoted string with backslashes, many bytes at a time.
#pragma once

#include <bit>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace latent {

struct StringEnd {
  const char* quote;  ///< the closing one, or the end of the text
  bool escaped;       ///< a backslash stands before it
};

/// Of 64 bytes, those that a backslash escapes. `backslashes`: bit k is byte k; one that is itself
/// escaped by the byte before them is left out.
inline uint64_t escaped_bits(uint64_t backslashes) {
  constexpr uint64_t kEven = 0x5555555555555555u;
  // Adding its first bit carries a run to the bit after it. A run escapes that byte when its length
  // is odd: when one of its two ends is even and the other odd.
  const uint64_t starts = backslashes & ~(backslashes << 1);
  const uint64_t after_even = (backslashes + (starts & kEven)) & ~backslashes;
  const uint64_t after_odd = (backslashes + (starts & ~kEven)) & ~backslashes;
  return (after_even & ~kEven) | (after_odd & kEven);
}

/// From after the opening quote on.
inline StringEnd string_end(const char* at, const char* end, char quote) {
  bool escaped = false;
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8(quote), slashes = _mm_set1_epi8('\\');
  const auto bits_of = [](__m128i bytes, __m128i wanted) {
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)));
  };
  if (end - at >= 16) {  // most are keys and short values
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const unsigned hits = bits_of(bytes, quotes), slash = bits_of(bytes, slashes);
    if (slash == 0) {
      if (hits != 0) return {at + __builtin_ctz(hits), false};
      at += 16;
    }
  }
  uint64_t carry = 0;  // the first byte is escaped
  for (; end - at >= 64; at += 64) {
    uint64_t hits = 0, slash = 0;
    for (int n = 0; n < 4; ++n) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at) + n);
      hits |= static_cast<uint64_t>(bits_of(bytes, quotes)) << (16 * n);
      slash |= static_cast<uint64_t>(bits_of(bytes, slashes)) << (16 * n);
    }
    if ((slash | carry) != 0) {
      slash &= ~carry;
      hits &= ~(escaped_bits(slash) | carry);
      carry = static_cast<uint64_t>(std::countl_one(slash)) & 1;
    }
    if (hits != 0) {
      const int n = __builtin_ctzll(hits);
      return {at + n, escaped || (slash & ((uint64_t{1} << n) - 1)) != 0};
    }
    escaped |= slash != 0;
  }
  at += carry;
#endif
  for (; at < end && *at != quote; ++at) {
    if (*at != '\\') continue;
    escaped = true;
    ++at;
  }
  return {at < end ? at : end, escaped};
}

}  // namespace latent
