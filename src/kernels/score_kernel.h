// The inner loops of scoring a catalogue: products of a few users with sixteen items, and quick
// looks at rows of scores.
#pragma once

#include <cstdint>
#include <span>

namespace latent {

constexpr int kTileItems = 16;
constexpr int kTilesAtOnce = 4;  ///< for a single user, whose sums alone would wait for each other

/// One factor of a tile's items, in a cache line of its own.
struct alignas(64) TileLine {
  float item[kTileItems];
};

/// Users whose sums fit this processor's registers: the most that score_tile takes.
int users_at_once();

/// Sixteen items: their factors transposed.
struct ItemTile {
  const TileLine* factors;  // [K]
  const TileLine* beta;     // one line, or null
};

/// A few users, packed as the kernel reads them.
struct UserGroup {
  const float* factors;  // [K, rows]
  const float* base;     // [rows]
  int rows;
};

/// Sums over the factors, in order: out[r, n] = (base[r] + beta[n]) + p[r, 0] q[0, n] + ...
///
/// `out` [rows, kTileItems] with rows `stride` floats apart. For one row, kTilesAtOnce tiles that
/// lie behind each other.
void score_tile(const ItemTile& tile, const UserGroup& users, int factors, float* out,
                int64_t stride);

/// One score of the tile: the same bits as score_tile's.
float score_in_tile(const ItemTile& tile, const float* user, float base, int factors, int lane);

/// bits [ceil(scores / 32)]: bit n % 32 of word n / 32 is whether scores[n] > bound. Nothing is
/// greater than NaN, and NaN is not greater.
void above_bits(std::span<const float> scores, float bound, uint32_t* bits);

/// Sum over `bounds` of (scores below it) - (scores above it).
int64_t below_minus_above(std::span<const float> scores, std::span<const float> bounds);

}  // namespace latent
