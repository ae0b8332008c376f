// Vectors of floats, and functions built once for each instruction set that may run them.
#pragma once

#include <cmath>

#include "src/kernels/cpu_level.h"

#define LATENT_INLINE __attribute__((always_inline)) inline

// The levels of the x86-64 ABI, not a processor's name: GCC takes "arch=haswell" literally.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define LATENT_AVX512 __attribute__((target("arch=x86-64-v4"), flatten, noinline))
#define LATENT_AVX2 __attribute__((target("arch=x86-64-v3"), flatten, noinline))
#define LATENT_BASELINE __attribute__((flatten, noinline))
#else
#define LATENT_AVX512
#define LATENT_AVX2
#define LATENT_BASELINE
#endif

#if defined(__GNUC__) && !defined(__clang__)
// Every function that takes or returns a Float8 is inlined: no calling convention to warn about.
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

namespace latent {

/// A function built for each level: `kBody` is LATENT_INLINE, with all that it calls.
template <auto kBody>
struct Versions;

template <typename Result, typename... Parameters, Result (*kBody)(Parameters...)>
struct Versions<kBody> {
  LATENT_AVX512 static Result avx512(Parameters... p) { return kBody(p...); }
  LATENT_AVX2 static Result avx2(Parameters... p) { return kBody(p...); }
  LATENT_BASELINE static Result baseline(Parameters... p) { return kBody(p...); }
};

/// The version for cpu_level(), of bodies that are alike but for the width of their vectors.
template <auto kBaseline, auto kAvx2, auto kAvx512>
auto kernel_of() -> decltype(kBaseline) {
  switch (cpu_level()) {
    case CpuLevel::kAvx512: return &Versions<kAvx512>::avx512;
    case CpuLevel::kAvx2: return &Versions<kAvx2>::avx2;
    default: return &Versions<kBaseline>::baseline;
  }
}

/// The version for cpu_level() of a body whose code is one for all levels.
template <auto kBody>
auto kernel() -> decltype(kBody) {
  return kernel_of<kBody, kBody, kBody>();
}

/// kLanes floats, as wide as a register of one of the levels.
template <int kLanes>
struct Vector {
  typedef float Floats __attribute__((vector_size(kLanes * sizeof(float))));
  typedef int Ints __attribute__((vector_size(kLanes * sizeof(int))));
  /// Anywhere in memory.
  typedef float At __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

  LATENT_INLINE static Floats load(const float* at) { return *reinterpret_cast<const At*>(at); }
  LATENT_INLINE static void store(float* at, const Floats& v) { *reinterpret_cast<At*>(at) = v; }
};

using Float8 = float __attribute__((vector_size(32)));
using Double4 = double __attribute__((vector_size(32)));
using Int8 = int __attribute__((vector_size(32)));
using Unsigned8 = unsigned __attribute__((vector_size(32)));
/// Eight floats anywhere in memory.
using Float8At = float __attribute__((vector_size(32), aligned(4), may_alias));

LATENT_INLINE Float8 load8(const float* at) { return *reinterpret_cast<const Float8At*>(at); }
LATENT_INLINE void store8(float* at, const Float8& v) { *reinterpret_cast<Float8At*>(at) = v; }

LATENT_INLINE Unsigned8 load8(const unsigned* at) {
  using At = unsigned __attribute__((vector_size(32), aligned(4), may_alias));
  return *reinterpret_cast<const At*>(at);
}
LATENT_INLINE void store8(unsigned* at, const Unsigned8& v) {
  using At = unsigned __attribute__((vector_size(32), aligned(4), may_alias));
  *reinterpret_cast<At*>(at) = v;
}

LATENT_INLINE Float8 sqrt8(const Float8& v) {
  Float8 out;
  for (int n = 0; n < 8; ++n) out[n] = std::sqrt(v[n]);
  return out;
}

/// The sum of the eight.
LATENT_INLINE float sum8(const Float8& v) {
  using Float4 = float __attribute__((vector_size(16)));
  const Float4 four = __builtin_shufflevector(v, v, 0, 1, 2, 3) +
                      __builtin_shufflevector(v, v, 4, 5, 6, 7);
  const Float4 two = four + __builtin_shufflevector(four, four, 2, 3, 0, 1);
  return two[0] + two[1];
}

/// The eight sums of eight vectors.
LATENT_INLINE Float8 sums8(const Float8 (&v)[8]) {
  Float8 two[4], four[2];
  for (int n = 0; n < 4; ++n) {
    const Float8 a = v[2 * n], b = v[2 * n + 1];
    two[n] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +
             __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int n = 0; n < 2; ++n) {
    const Float8 a = two[2 * n], b = two[2 * n + 1];
    four[n] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
              __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  }
  return __builtin_shufflevector(four[0], four[1], 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(four[0], four[1], 4, 5, 6, 7, 12, 13, 14, 15);
}

/// e^x to about 3e-7 of itself, for x in [-87, 87]. e^x = 2^n e^r with |r| <= ln(2) / 2, where e^r is
/// its Taylor polynomial of degree 6.
template <int kLanes>
LATENT_INLINE typename Vector<kLanes>::Floats exponential(
    const typename Vector<kLanes>::Floats& x) {
  using Floats = typename Vector<kLanes>::Floats;
  using Ints = typename Vector<kLanes>::Ints;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer
  const Floats shifted = x * 1.44269504f + kRound;
  const Floats n = shifted - kRound;
  const Floats r = (x - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts
  Floats e = r * (1.0f / 720) + (1.0f / 120);
  e = e * r + (1.0f / 24);
  e = e * r + (1.0f / 6);
  e = e * r + 0.5f;
  e = e * r + 1.0f;
  e = e * r + 1.0f;
  // The integer sits in the low bits of `shifted`; into the exponent with it.
  const Ints bits = __builtin_bit_cast(Ints, shifted) << 23;
  return __builtin_bit_cast(Floats, __builtin_bit_cast(Ints, e) + bits);
}

/// 1 / (1 + e^x), to about 3e-7 of itself; x is held to [-80, 80].
LATENT_INLINE Float8 falling_logistic8(const Float8& any) {
  Float8 x = any > 80.0f ? Float8{} + 80.0f : any;
  x = x < -80.0f ? Float8{} - 80.0f : x;
  return 1.0f / (1.0f + exponential<8>(x));
}

/// log(1 + e^-x) and 1 / (1 + e^x), without overflow, to about 3e-7 of themselves.
LATENT_INLINE void softplus_of_minus8(const Float8& x, Float8& softplus, Float8& falling) {
  const Float8 size = x < 0.0f ? -x : x;
  // 1 / (1 + e^|x|) = z / (1 + z) with z = e^-|x|.
  const Float8 low = falling_logistic8(size);
  falling = x < 0.0f ? 1.0f - low : low;
  // log(1 + z) = 2 atanh(s), s = z / (2 + z) <= 1/3, from z / (1 + z) = low.
  const Float8 s = low / (2.0f - low), ss = s * s;
  Float8 series = ss * (1.0f / 15) + (1.0f / 13);
  series = series * ss + (1.0f / 11);
  series = series * ss + (1.0f / 9);
  series = series * ss + (1.0f / 7);
  series = series * ss + (1.0f / 5);
  series = series * ss + (1.0f / 3);
  series = series * ss + 1.0f;
  softplus = 2.0f * s * series + (x < 0.0f ? size : Float8{});
}

}  // namespace latent
