// Pairs of two parts, drawn at random.
#pragma once

#include <vector>

#include "src/base/rng.h"
#include "src/score/user_items.h"

namespace latent {

struct DrawnParts {
  UserItems held_out, masked, known;  ///< known: both
};

/// where(random, u, i): 0 puts a pair into held_out, 1 into masked, more into neither.
template <typename Where>
DrawnParts drawn_parts(int32_t user_count, int32_t item_count, uint64_t seed, const Where& where) {
  RandomStream random = Rng(seed).stream("case");
  std::vector<int32_t> users[2], items[2];
  for (int32_t u = 0; u < user_count; ++u) {
    for (int32_t i = 0; i < item_count; ++i) {
      const uint32_t part = where(random, u, i);
      if (part > 1) continue;
      users[part].push_back(u);
      items[part].push_back(i);
    }
  }
  DrawnParts out;
  out.held_out = UserItems(users[0], items[0], user_count);
  out.masked = UserItems(users[1], items[1], user_count);
  out.known = merged(out.held_out, out.masked);
  return out;
}

/// Some users have few pairs, most of them none to find; the last one knows every item.
inline DrawnParts uneven_parts(int32_t users, int32_t items, uint64_t seed) {
  return drawn_parts(users, items, seed, [users](RandomStream& random, int32_t u, int32_t i) {
    return u + 1 == users ? static_cast<uint32_t>(i % 2) : random.below(u % 5 == 0 ? 900 : 12);
  });
}

}  // namespace latent
