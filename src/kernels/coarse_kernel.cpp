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

#endif

}  // namespace

void coarse_products(const CoarseLine* tile, const float* user, int factors, float* out) {
#ifdef LATENT_WIDENS_BYTES
  if (cpu_level() == CpuLevel::kAvx512) return products_avx512(tile, user, factors, out);
  if (cpu_level() == CpuLevel::kAvx2) return products_avx2(tile, user, factors, out);
#endif
  products_baseline(tile, user, factors, out);
}

}  // namespace latent
