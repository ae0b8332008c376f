// Numbers of 16 bits, and stochastic rounding to them.
#pragma once

#include <cstdint>
#include <type_traits>

#include "src/base/rng.h"
#include "src/kernels/wide_vectors.h"

namespace latent {

/// The upper half of a float: its sign, its exponent and the first 7 bits of its fraction.
struct BFloat16 {
  uint16_t bits;

  operator float() const {  // NOLINT: every one of them is a float
    return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
  }
};

/// Where the random bits of stochastic rounding come from (Gupta et al., "Deep learning with
/// limited numerical precision", ICML 2015, section 3): entry e of a table takes 16 bits of number
/// e / 4 of a stream of the step's own, so that they depend on nothing but the seed, the table, the
/// step and the entry.
struct Rounding {
  uint64_t key = 0;   ///< of the table and the step
  int64_t first = 0;  ///< the entry that a kernel's numbers begin with
};

/// Four entries' bits, the first one's lowest.
LATENT_INLINE uint64_t rounding_bits(uint64_t key, uint64_t group) {
  return RandomStream::mix(key + (group + 1) * 0x9E3779B97F4A7C15ull);
}

/// One of the two neighbours of `x` among the BFloat16s, the nearer the likelier, so that the
/// expected value is x; x itself where it is one. What is not finite stays so.
LATENT_INLINE BFloat16 rounded_at(float x, uint64_t key, int64_t entry) {
  const auto bits = __builtin_bit_cast(uint32_t, x);
  const auto e = static_cast<uint64_t>(entry);
  const auto random =
      static_cast<uint32_t>(rounding_bits(key, e / 4) >> (16 * (e % 4))) & 0xFFFFu;
  const bool finite = (bits & 0x7F800000u) != 0x7F800000u;
  return {static_cast<uint16_t>((finite ? bits + random : bits) >> 16)};
}

/// The bits of eight entries from `entry` on, in the lower halves.
LATENT_INLINE Unsigned8 rounding_bits8(uint64_t key, int64_t entry) {
  const auto e = static_cast<uint64_t>(entry);
  uint64_t low = rounding_bits(key, e / 4), high = rounding_bits(key, e / 4 + 1);
  if (const uint64_t by = 16 * (e % 4); by != 0) {
    low = low >> by | high << (64 - by);
    high = high >> by | rounding_bits(key, e / 4 + 2) << (64 - by);
  }
  using Short4 = uint16_t __attribute__((vector_size(8)));
  const auto a = __builtin_bit_cast(Short4, low), b = __builtin_bit_cast(Short4, high);
  return __builtin_convertvector(__builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7), Unsigned8);
}

// How kernels read and keep a table's numbers, of either kind.

LATENT_INLINE Float8 load8(const BFloat16* at) {
  using Short8 = uint16_t __attribute__((vector_size(16), aligned(2), may_alias));
  const auto bits =
      __builtin_convertvector(*reinterpret_cast<const Short8*>(at), Unsigned8) << 16;
  return __builtin_bit_cast(Float8, bits);
}

/// Cuts off the lower halves.
LATENT_INLINE void store8(BFloat16* at, const Float8& v) {
  using Short8 = uint16_t __attribute__((vector_size(16), aligned(2), may_alias));
  using Plain = uint16_t __attribute__((vector_size(16)));
  *reinterpret_cast<Short8*>(at) =
      __builtin_convertvector(__builtin_bit_cast(Unsigned8, v) >> 16, Plain);
}

/// What a table of W keeps of eight new values of the entries from `entry` on, as floats.
template <typename W>
LATENT_INLINE Float8 kept8(const Float8& v, const Rounding& rounding, int64_t entry) {
  if constexpr (std::is_same_v<W, BFloat16>) {
    const auto bits = __builtin_bit_cast(Unsigned8, v);
    const Unsigned8 random = rounding_bits8(rounding.key, rounding.first + entry);
    const Unsigned8 exponent = bits & 0x7F800000u;
    const Unsigned8 all = Unsigned8{} + 0x7F800000u;
    const Unsigned8 sum = exponent != all ? bits + random : bits;
    return __builtin_bit_cast(Float8, sum & 0xFFFF0000u);
  } else {
    return v;
  }
}

template <typename W>
LATENT_INLINE W kept(float x, const Rounding& rounding, int64_t entry) {
  if constexpr (std::is_same_v<W, BFloat16>) {
    return rounded_at(x, rounding.key, rounding.first + entry);
  } else {
    return x;
  }
}

}  // namespace latent
