// CRC-32 by carry-less multiplication where the processor has it, else zlib's.
#include <zlib.h>

#include <array>

#include "src/formats/crc32.h"

#if defined(__x86_64__) && defined(__GNUC__)
#define LATENT_CARRYLESS 1
#include <immintrin.h>
#endif

namespace latent {

namespace {

uint32_t plain_crc32(const void* data, size_t bytes, uint32_t crc) {
  return static_cast<uint32_t>(::crc32_z(crc, static_cast<const Bytef*>(data), bytes));
}

#ifdef LATENT_CARRYLESS

/// x^n modulo CRC-32's polynomial, lowest power in the highest of 33 bits, as the product of two
/// such numbers wants it.
constexpr uint64_t power_of_x(int n) {
  uint32_t v = 0x80000000u;
  for (; n > 0; --n) v = v >> 1 ^ (v & 1 ? 0xEDB88320u : 0);
  return uint64_t{v} << 1;
}

// What moves the low and the high half of 16 bytes on by so many bytes.
constexpr uint64_t kBy64Bytes[2] = {power_of_x(512 + 32), power_of_x(512 - 32)};
constexpr uint64_t kBy16Bytes[2] = {power_of_x(128 + 32), power_of_x(128 - 32)};

__attribute__((target("pclmul,sse4.1"))) inline __m128i folded(__m128i sum, __m128i powers) {
  return _mm_xor_si128(_mm_clmulepi64_si128(sum, powers, 0x00),
                       _mm_clmulepi64_si128(sum, powers, 0x11));
}

/// Gopal et al., "Fast CRC computation for generic polynomials using PCLMULQDQ" (Intel, 2009): 64
/// bytes are replaced by what they leave 512 bits on, added to the next 64; the last 16 bytes'
/// worth goes through the table. `bytes` >= 64.
__attribute__((target("pclmul,sse4.1"))) uint32_t folding_crc32(const void* data, size_t bytes,
                                                                uint32_t crc) {
  const auto* in = static_cast<const __m128i*>(data);
  const __m128i by4 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kBy64Bytes)),
                by1 = _mm_loadu_si128(reinterpret_cast<const __m128i*>(kBy16Bytes));
  __m128i a = _mm_xor_si128(_mm_loadu_si128(in), _mm_cvtsi32_si128(static_cast<int>(~crc)));
  __m128i b = _mm_loadu_si128(in + 1), c = _mm_loadu_si128(in + 2), d = _mm_loadu_si128(in + 3);
  for (in += 4, bytes -= 64; bytes >= 64; in += 4, bytes -= 64) {
    a = _mm_xor_si128(folded(a, by4), _mm_loadu_si128(in));
    b = _mm_xor_si128(folded(b, by4), _mm_loadu_si128(in + 1));
    c = _mm_xor_si128(folded(c, by4), _mm_loadu_si128(in + 2));
    d = _mm_xor_si128(folded(d, by4), _mm_loadu_si128(in + 3));
  }
  b = _mm_xor_si128(folded(a, by1), b);
  c = _mm_xor_si128(folded(b, by1), c);
  d = _mm_xor_si128(folded(c, by1), d);
  std::array<char, 16> rest;
  _mm_storeu_si128(reinterpret_cast<__m128i*>(rest.data()), d);
  return plain_crc32(in, bytes, plain_crc32(rest.data(), rest.size(), ~0u));
}

#endif

}  // namespace

uint32_t crc32_of(const void* data, size_t bytes, uint32_t crc) {
  if (bytes == 0) return crc;  // zlib takes a null pointer as a request to start anew
#ifdef LATENT_CARRYLESS
  static const bool folds = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  if (folds && bytes >= 64) return folding_crc32(data, bytes, crc);
#endif
  return plain_crc32(data, bytes, crc);
}

}  // namespace latent
