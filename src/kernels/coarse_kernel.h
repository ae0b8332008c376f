// Products of a user with items of which each factor is kept in a byte.
#pragma once

#include <cstdint>

namespace latent {

constexpr int kCoarseItems = 64;

/// One factor of a tile's items, in a cache line.
struct alignas(64) CoarseLine {
  int8_t item[kCoarseItems];
};

/// out [kCoarseItems]: user[0] tile[0, n] + user[1] tile[1, n] + ..., sums of floats in some order.
/// `tile` is [factors].
void coarse_products(const CoarseLine* tile, const float* user, int factors, float* out);

/// Users that may share the reading of a tile.
constexpr int kCoarseUsers = 4;
/// out [users, kCoarseItems], the same sums; `packed` is [factors, users].
void coarse_products(const CoarseLine* tile, const float* packed, int users, int factors,
                     float* out);

}  // namespace latent
