// How many users two items have in common, an item after another.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "src/score/user_items.h"

namespace latent {

/// Sees an item, the items that share a user with it (itself among them, in no particular order)
/// and counts [I] by item: how many users have both.
using CoCountsSeen = std::function<void(int32_t item, std::span<const int32_t> touched,
                                        const int32_t* counts)>;

/// Shows each of `items` items that somebody has, from up to `threads` threads (0: all): rows of
/// X'X of the 0/1 matrix X [U, I] of `pairs`.
void for_each_co_counts(const UserItems& pairs, int32_t items, int threads,
                        const CoCountsSeen& see);

}  // namespace latent
