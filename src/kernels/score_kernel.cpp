#include "src/kernels/score_kernel.h"

#include <cstring>

#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

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

/// score_rows() for one item. Its bits are those of score_rows() because the operations are the
/// same ones, on a whole vector: the compiler fuses `sum += p * q` in both or in neither. On single
/// floats it may choose otherwise.
template <int kLanes>
LATENT_INLINE float score_lane(const TileLine* tile, const TileLine* beta, const float* user,
                               float base, int factors, int lane) {
  using Floats = typename Vector<kLanes>::Floats;
  const int from = lane / kLanes * kLanes;
  Floats sum = Floats{} + base;
  if (beta != nullptr) {
    Floats b;
    std::memcpy(&b, beta->item + from, sizeof b);
    sum += b;
  }
  for (int k = 0; k < factors; ++k) {
    Floats q;
    std::memcpy(&q, tile[k].item + from, sizeof q);
    sum += user[k] * q;
  }
  return sum[lane - from];
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

// Lanes: what a register holds. Users at once: as many as leave registers for the items.
template <int kLanes, int kMost>
LATENT_INLINE void tile_of_rows(const TileLine* tile, const TileLine* beta, const float* users,
                                const float* base, int rows, int factors, float* out,
                                int64_t stride) {
  score_any_rows<kLanes, kMost>(tile, beta, users, base, rows, factors, out, stride);
}

constexpr int kMostBaseline = 3, kMostAvx2 = 6, kMostAvx512 = 12;

}  // namespace

int users_at_once() {
  switch (cpu_level()) {
    case CpuLevel::kAvx512: return kMostAvx512;
    case CpuLevel::kAvx2: return kMostAvx2;
    default: return kMostBaseline;
  }
}

void score_tile(const ItemTile& tile, const UserGroup& users, int factors, float* out,
                int64_t stride) {
  kernel_of<tile_of_rows<4, kMostBaseline>, tile_of_rows<8, kMostAvx2>,
            tile_of_rows<16, kMostAvx512>>()(tile.factors, tile.beta, users.factors, users.base,
                                            users.rows, factors, out, stride);
}

float score_in_tile(const ItemTile& tile, const float* user, float base, int factors, int lane) {
  return kernel_of<score_lane<4>, score_lane<8>, score_lane<16>>()(tile.factors, tile.beta,
                                                                   user, base, factors, lane);
}

void above_bits(std::span<const float> scores, float bound, uint32_t* bits) {
  kernel_of<bits_above<4>, bits_above<8>, bits_above<16>>()(scores, bound, bits);
}

int64_t below_minus_above(std::span<const float> scores, std::span<const float> bounds) {
  return kernel_of<signs<4>, signs<8>, signs<16>>()(scores, bounds);
}

}  // namespace latent
