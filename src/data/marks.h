// Where a piece of delimited text needs a look: its separators, line ends and unusual bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace latent {

/// Bit k: at[k] is `a` or `b`, a control character (line ends among them), or outside ASCII.
inline uint64_t mark_bits(const char* at, char a, char b) {
#if defined(__SSE2__)
  const __m128i first = _mm_set1_epi8(a), second = _mm_set1_epi8(b), blank = _mm_set1_epi8(' ');
  uint64_t bits = 0;
  for (int n = 0; n < 4; ++n) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at) + n);
    // As signed numbers, bytes from 128 on are less than a blank too.
    const __m128i marked =
        _mm_or_si128(_mm_cmplt_epi8(bytes, blank),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second)));
    bits |= static_cast<uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(marked))) << (16 * n);
  }
  return bits;
#else
  uint64_t bits = 0;
  for (int n = 0; n < 64; ++n) {
    const auto c = static_cast<signed char>(at[n]);
    bits |= static_cast<uint64_t>(c < ' ' || c == a || c == b) << n;
  }
  return bits;
#endif
}

/// Bits that are set. Without an instruction for it the compiler would call a function.
inline int count_bits(uint64_t bits) {
#if defined(__x86_64__) && !defined(__POPCNT__)
  bits -= bits >> 1 & 0x5555555555555555u;
  bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
  bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
  return static_cast<int>(bits * 0x0101010101010101u >> 56);
#else
  return __builtin_popcountll(bits);
#endif
}

/// Writes the offsets of all marks in `text` [0, bytes) and returns their number; `bytes` <= 65536.
/// Up to 63 bytes after them are read; `offsets` has room for `bytes` of them and 8.
inline size_t find_marks(const char* text, size_t bytes, char a, char b, uint16_t* offsets) {
  uint16_t* out = offsets;
  for (size_t at = 0; at < bytes; at += 64) {
    uint64_t bits = mark_bits(text + at, a, b);
    if (bytes - at < 64) bits &= (uint64_t{1} << (bytes - at)) - 1;
    // Eight at a time without asking whether there are so many: a branch for each would be guessed
    // wrong once in a word.
    // Where none is left, the last place stands for one: a question there would be such a branch.
    constexpr uint64_t kLast = uint64_t{1} << 63;
    uint16_t* const next = out + count_bits(bits);
    while (bits != 0) {
      for (int n = 0; n < 8; ++n) {
        out[n] = static_cast<uint16_t>(at + static_cast<size_t>(__builtin_ctzll(bits | kLast)));
        bits &= bits - 1;
      }
      out += 8;
    }
    out = next;
  }
  return static_cast<size_t>(out - offsets);
}

}  // namespace latent
