#include "src/kernels/coarse_kernel.h"

#include "src/kernels/wide_vectors.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#include <immintrin.h>
#define LATENT_WIDENS_BYTES
#endif

namespace latent {

namespace {

void products_baseline(const CoarseLine* tile, const float* user, int factors, float* out) {
  for (int n = 0; n < kCoarseItems; ++n) out[n] = 0;
  for (int k = 0; k < factors; ++k) {
    for (int n = 0; n < kCoarseItems; ++n) out[n] += user[k] * static_cast<float>(tile[k].item[n]);
  }
}

void products_baseline(const CoarseLine* tile, const float* packed, int users, int factors,
                       float* out) {
  for (int n = 0; n < users * kCoarseItems; ++n) out[n] = 0;
  for (int k = 0; k < factors; ++k) {
    for (int u = 0; u < users; ++u) {
      const float factor = packed[k * users + u];
      float* const row = out + u * kCoarseItems;
      for (int n = 0; n < kCoarseItems; ++n) row[n] += factor * static_cast<float>(tile[k].item[n]);
    }
  }
}

#ifdef LATENT_WIDENS_BYTES

// By hand: GCC 12 turns a conversion of vectors of bytes into one of each byte.

LATENT_AVX2 void products_avx2(const CoarseLine* tile, const float* user, int factors, float* out) {
  constexpr int kLanes = 8, kParts = kCoarseItems / kLanes;
  __m256 sum[kParts];
  for (__m256& s : sum) s = _mm256_setzero_ps();
  for (int k = 0; k < factors; ++k) {
    const __m256 u = _mm256_set1_ps(user[k]);
    for (int part = 0; part < kParts; ++part) {
      const auto* const at = reinterpret_cast<const __m128i*>(tile[k].item + part * kLanes);
      const __m256i q = _mm256_cvtepi8_epi32(_mm_loadl_epi64(at));
      sum[part] = _mm256_fmadd_ps(u, _mm256_cvtepi32_ps(q), sum[part]);
    }
  }
  for (int part = 0; part < kParts; ++part) _mm256_storeu_ps(out + part * kLanes, sum[part]);
}

LATENT_AVX512 void products_avx512(const CoarseLine* tile, const float* user, int factors,
                                   float* out) {
  constexpr int kLanes = 16, kParts = kCoarseItems / kLanes;
  __m512 sum[kParts];
  for (__m512& s : sum) s = _mm512_setzero_ps();
  for (int k = 0; k < factors; ++k) {
    const __m512 u = _mm512_set1_ps(user[k]);
    for (int part = 0; part < kParts; ++part) {
      const auto* const at = reinterpret_cast<const __m128i*>(tile[k].item + part * kLanes);
      const __m512i q = _mm512_cvtepi8_epi32(_mm_load_si128(at));
      sum[part] = _mm512_fmadd_ps(u, _mm512_cvtepi32_ps(q), sum[part]);
    }
  }
  for (int part = 0; part < kParts; ++part) _mm512_storeu_ps(out + part * kLanes, sum[part]);
}

/// A tile's bytes become floats once for all users; as many of its items at a time as leave the
/// registers room for everybody's sums.
template <int kUsers>
LATENT_AVX2 void products_avx2(const CoarseLine* tile, const float* packed, int factors,
                               float* out) {
  constexpr int kLanes = 8, kParts = 2;
  for (int from = 0; from < kCoarseItems; from += kParts * kLanes) {
    __m256 sum[kUsers][kParts];
    for (auto& row : sum) {
      for (__m256& s : row) s = _mm256_setzero_ps();
    }
    for (int k = 0; k < factors; ++k) {
      __m256 q[kParts];
      for (int part = 0; part < kParts; ++part) {
        const int8_t* const at = tile[k].item + from + part * kLanes;
        const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at));
        q[part] = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
      }
      for (int u = 0; u < kUsers; ++u) {
        const __m256 factor = _mm256_set1_ps(packed[k * kUsers + u]);
        for (int part = 0; part < kParts; ++part)
          sum[u][part] = _mm256_fmadd_ps(factor, q[part], sum[u][part]);
      }
    }
    for (int u = 0; u < kUsers; ++u) {
      for (int part = 0; part < kParts; ++part)
        _mm256_storeu_ps(out + u * kCoarseItems + from + part * kLanes, sum[u][part]);
    }
  }
}

template <int kUsers>
LATENT_AVX512 void products_avx512(const CoarseLine* tile, const float* packed, int factors,
                                   float* out) {
  constexpr int kLanes = 16, kParts = kCoarseItems / kLanes;
  __m512 sum[kUsers][kParts];
  for (auto& row : sum) {
    for (__m512& s : row) s = _mm512_setzero_ps();
  }
  for (int k = 0; k < factors; ++k) {
    __m512 q[kParts];
    for (int part = 0; part < kParts; ++part) {
      const auto* const at = reinterpret_cast<const __m128i*>(tile[k].item + part * kLanes);
      q[part] = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_load_si128(at)));
    }
    for (int u = 0; u < kUsers; ++u) {
      const __m512 factor = _mm512_set1_ps(packed[k * kUsers + u]);
      for (int part = 0; part < kParts; ++part)
        sum[u][part] = _mm512_fmadd_ps(factor, q[part], sum[u][part]);
    }
  }
  for (int u = 0; u < kUsers; ++u) {
    for (int part = 0; part < kParts; ++part)
      _mm512_storeu_ps(out + u * kCoarseItems + part * kLanes, sum[u][part]);
  }
}

/// For `users` from 1 to kCoarseUsers.
template <int kUsers>
void products_of_users(const CoarseLine* tile, const float* packed, int users, int factors,
                       float* out) {
  if constexpr (kUsers > 1) {
    if (users < kUsers) return products_of_users<kUsers - 1>(tile, packed, users, factors, out);
  }
  if (cpu_level() == CpuLevel::kAvx512) return products_avx512<kUsers>(tile, packed, factors, out);
  products_avx2<kUsers>(tile, packed, factors, out);
}

#endif

}  // namespace

void coarse_products(const CoarseLine* tile, const float* user, int factors, float* out) {
#ifdef LATENT_WIDENS_BYTES
  if (cpu_level() == CpuLevel::kAvx512) return products_avx512(tile, user, factors, out);
  if (cpu_level() == CpuLevel::kAvx2) return products_avx2(tile, user, factors, out);
#endif
  products_baseline(tile, user, factors, out);
}

void coarse_products(const CoarseLine* tile, const float* packed, int users, int factors,
                     float* out) {
#ifdef LATENT_WIDENS_BYTES
  if (cpu_level() != CpuLevel::kBaseline)
    return products_of_users<kCoarseUsers>(tile, packed, users, factors, out);
#endif
  products_baseline(tile, packed, users, factors, out);
}

}  // namespace latent
