// A quick no to "does the user know the item?": one word of memory, and nearly always right.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "src/score/user_items.h"

namespace latent {

/// A Bloom filter with a pair's bits in one word (Putze, Sanders & Singler, 2007): 2 bits set of at
/// least 16 a pair, so at most about one stranger in forty looks known.
class KnownFilter {
 public:
  explicit KnownFilter(const UserItems& known)
      : shift_(64 - std::bit_width(known.item.size() / 2 + 1)),
        words_(uint64_t{1} << (64 - shift_)) {
    for (int32_t u = 0; u < known.users(); ++u) {
      for (const int32_t i : known.of(u)) {
        const uint64_t hash = hash_of(u, i);
        words_[hash >> shift_] |= bits_of(hash);
      }
    }
  }

  /// False: unknown. True: known, or a rare mistake.
  bool maybe(int32_t user, int32_t item) const {
    const uint64_t hash = hash_of(user, item);
    return (words_[hash >> shift_] & bits_of(hash)) == bits_of(hash);
  }

 private:
  static uint64_t hash_of(int32_t user, int32_t item) {
    return (static_cast<uint64_t>(user) * 0x9E3779B97F4A7C15ull + static_cast<uint32_t>(item)) *
           0xD6E8FEB86659FD93ull;
  }
  static uint32_t bits_of(uint64_t hash) {
    return uint32_t{1} << (hash >> 20 & 31) | uint32_t{1} << (hash >> 25 & 31);
  }

  int shift_;
  std::vector<uint32_t> words_;
};

}  // namespace latent
