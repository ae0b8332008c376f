// A quick no to "has this user this item?": one cache line, and nearly always right.
#pragma once

#include <cstdint>
#include <vector>

namespace latent {

/// Bloom filters with all bits of a pair in one 64-bit word (Putze, Sanders & Singler, 2007), one
/// for each part of the pairs, so that work on one part touches little memory. 16 bits a pair, 2
/// of them set: about one stranger in fifty looks known.
class PairFilter {
 public:
  struct Part {
    uint64_t first;  // word
    uint32_t words;
  };

  /// Room for a part of `pairs` pairs.
  Part add_part(int64_t pairs) {
    const Part part{words_.size(), static_cast<uint32_t>(pairs / 4 + 1)};
    words_.resize(words_.size() + part.words);
    return part;
  }
  void add(Part part, int32_t user, int32_t item) {
    const uint64_t hash = hash_of(user, item);
    words_[part.first + word(part, hash)] |= bits(hash);
  }
  /// The part's words, for tests of many pairs.
  const uint64_t* words(Part part) const { return words_.data() + part.first; }

  /// False: not added. True: added, or a rare mistake.
  __attribute__((always_inline)) static bool maybe(const uint64_t* words, Part part, int32_t user,
                                                   int32_t item) {
    const uint64_t hash = hash_of(user, item), want = bits(hash);
    return (words[word(part, hash)] & want) == want;
  }

 private:
  __attribute__((always_inline)) static uint64_t hash_of(int32_t user, int32_t item) {
    return (static_cast<uint64_t>(user) * 0x9E3779B97F4A7C15ull + static_cast<uint32_t>(item)) *
           0xD6E8FEB86659FD93ull;
  }
  __attribute__((always_inline)) static uint64_t word(Part part, uint64_t hash) {
    return (hash >> 32) * part.words >> 32;
  }
  __attribute__((always_inline)) static uint64_t bits(uint64_t hash) {
    return uint64_t{1} << (hash >> 20 & 63) | uint64_t{1} << (hash >> 26 & 63);
  }

  std::vector<uint64_t> words_;
};

}  // namespace latent
