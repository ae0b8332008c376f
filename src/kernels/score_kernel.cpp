#include "src/kernels/score_kernel.h"

#include <cstring>

namespace latent {

namespace {

#define LATENT_INLINE inline __attribute__((always_inline))

template <int kLanes>
struct Vector {
  typedef float Floats __attribute__((vector_size(kLanes * sizeof(float))));
};

/// kRows users by kTiles tiles; every sum stays in a register over the whole loop.
template <int kLanes, int kRows, int kTiles>
LATENT_INLINE void score_rows(const TileLine* tile, const TileLine* beta, const float* users,
                              const float* base, int factors, float* out, int64_t stride) {
  using Floats = typename Vector<kLanes>::Floats;
  constexpr int kParts = kTileItems / kLanes * kTiles, kPerTile = kTileItems / kLanes;
  Floats sum[kRows][kParts];
  for (int part = 0; part < kParts; ++part) {
    for (int r = 0; r < kRows; ++r) sum[r][part] = Floats{} + base[r];
    if (beta == nullptr) continue;
    Floats b;
    std::memcpy(&b, beta[part / kPerTile].item + part % kPerTile * kLanes, sizeof b);
    for (int r = 0; r < kRows; ++r) sum[r][part] += b;
  }
  for (int k = 0; k < factors; ++k) {
    // Users inside items: one broadcast at a time, so that all sums find registers.
    Floats q[kParts];
    for (int part = 0; part < kParts; ++part) {
      std::memcpy(&q[part], tile[part / kPerTile * factors + k].item + part % kPerTile * kLanes,
                  sizeof q[part]);
    }
    for (int r = 0; r < kRows; ++r) {
      for (int part = 0; part < kParts; ++part) sum[r][part] += users[k * kRows + r] * q[part];
    }
  }
  for (int r = 0; r < kRows; ++r) std::memcpy(out + r * stride, sum[r], sizeof sum[r]);
}

/// Calls the version for `rows`, at most kMost.
template <int kLanes, int kMost>
LATENT_INLINE void score_any_rows(const TileLine* tile, const TileLine* beta, const float* users,
                                  const float* base, int rows, int factors, float* out,
                                  int64_t stride) {
  if constexpr (kMost == 1) {
    score_rows<kLanes, 1, kTilesAtOnce>(tile, beta, users, base, factors, out, stride);
  } else if (rows == kMost) {
    score_rows<kLanes, kMost, 1>(tile, beta, users, base, factors, out, stride);
  } else {
    score_any_rows<kLanes, kMost - 1>(tile, beta, users, base, rows, factors, out, stride);
  }
}

LATENT_INLINE float score_lane(const TileLine* tile, const TileLine* beta, const float* user,
                               float base, int factors, int lane) {
  float sum = base;
  if (beta != nullptr) sum += beta->item[lane];
  for (int k = 0; k < factors; ++k) sum += user[k] * tile[k].item[lane];
  return sum;
}

template <int kLanes>
LATENT_INLINE int64_t signs(std::span<const float> scores, std::span<const float> bounds) {
  using Floats = typename Vector<kLanes>::Floats;
  constexpr size_t kParts = 4, kBlock = kParts * kLanes;
  decltype(Floats{} < Floats{}) below[kParts] = {};  // a comparison that holds is -1
  size_t at = 0;
  for (; at + kBlock <= scores.size(); at += kBlock) {
    Floats s[kParts];
    std::memcpy(s, scores.data() + at, sizeof s);
    for (const float bound : bounds) {
      for (size_t part = 0; part < kParts; ++part)
        below[part] += (s[part] > bound) - (s[part] < bound);
    }
  }
  int64_t sum = 0;
  for (const auto& part : below) {
    for (int lane = 0; lane < kLanes; ++lane) sum += part[lane];
  }
  for (; at < scores.size(); ++at) {
    for (const float bound : bounds) sum += (scores[at] < bound) - (scores[at] > bound);
  }
  return sum;
}

template <int kLanes>
LATENT_INLINE void bits_above(std::span<const float> scores, float bound, uint32_t* bits) {
  using Floats = typename Vector<kLanes>::Floats;
  using Ints = decltype(Floats{} > Floats{});
  constexpr int kParts = 32 / kLanes;
  Ints own[kParts];  // the bit of each lane
  for (int n = 0; n < 32; ++n) own[n / kLanes][n % kLanes] = static_cast<int>(1u << n);
  size_t at = 0;
  for (; at + 32 <= scores.size(); at += 32) {
    Floats s[kParts];
    std::memcpy(s, scores.data() + at, sizeof s);
    Ints any = {};
    for (int part = 0; part < kParts; ++part) any |= (s[part] > bound) & own[part];
    uint64_t two[kLanes / 2], both = 0;
    std::memcpy(two, &any, sizeof two);
    for (const uint64_t t : two) both |= t;
    *bits++ = static_cast<uint32_t>(both | both >> 32);
  }
  if (at == scores.size()) return;
  *bits = 0;
  for (size_t n = at; n < scores.size(); ++n) *bits |= uint32_t{scores[n] > bound} << (n - at);
}

// One version for each width of vectors, chosen when the program starts; only a caller that sees all
// versions gets the choice. Users at once: as many as leave registers for the items.
#define LATENT_KERNELS(target, lanes, most)                                                       \
  target int most_rows() { return most; }                                                         \
  target void tile_of_rows(const TileLine* tile, const TileLine* beta, const float* users,        \
                           const float* base, int rows, int factors, float* out, int64_t stride) { \
    score_any_rows<lanes, most>(tile, beta, users, base, rows, factors, out, stride);             \
  }                                                                                               \
  target float one_lane(const TileLine* tile, const TileLine* beta, const float* user, float base, \
                        int factors, int lane) {                                                  \
    return score_lane(tile, beta, user, base, factors, lane);                                     \
  }                                                                                               \
  target void mark_above(std::span<const float> scores, float bound, uint32_t* bits) {            \
    bits_above<lanes>(scores, bound, bits);                                                       \
  }                                                                                               \
  target int64_t sum_of_signs(std::span<const float> scores, std::span<const float> bounds) {     \
    return signs<lanes>(scores, bounds);                                                          \
  }

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
LATENT_KERNELS(__attribute__((target("default"))), 4, 3)
LATENT_KERNELS(__attribute__((target("avx2,fma"))), 8, 6)
LATENT_KERNELS(__attribute__((target("avx512f,fma"))), 16, 12)
#else
LATENT_KERNELS(, 4, 6)
#endif

}  // namespace

int users_at_once() { return most_rows(); }

void score_tile(const TileLine* tile, const TileLine* beta, const float* users, const float* base,
                int rows, int factors, float* out, int64_t stride) {
  tile_of_rows(tile, beta, users, base, rows, factors, out, stride);
}

float score_in_tile(const TileLine* tile, const TileLine* beta, const float* user, float base,
                    int factors, int lane) {
  return one_lane(tile, beta, user, base, factors, lane);
}

void above_bits(std::span<const float> scores, float bound, uint32_t* bits) {
  mark_above(scores, bound, bits);
}

int64_t below_minus_above(std::span<const float> scores, std::span<const float> bounds) {
  return sum_of_signs(scores, bounds);
}

}  // namespace latent
