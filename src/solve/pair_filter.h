// A quick no to "has this user this item?": one word of memory, and nearly always right.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "src/kernels/wide_vectors.h"

namespace latent {

/// Bloom filters with all bits of a pair in one 32-bit word (Putze, Sanders & Singler, 2007), one
/// for each part of the pairs, so that work on one part touches little memory. At least 16 bits a
/// pair, 2 of them set: at most about one stranger in forty looks known.
class PairFilter {
 public:
  struct Part {
    uint64_t first = 0;  // word
    int shift = 31;      // 32 - log2(words)
  };
  /// Where to look for eight pairs: all of `bits` set in `word` of the part's words.
  struct Probe8 {
    Unsigned8 word, bits;
  };

  /// Room for a part of `pairs` pairs.
  Part add_part(int64_t pairs) {
    const int log2 = std::bit_width(static_cast<uint64_t>(pairs));  // words >= pairs / 2
    const Part part{words_.size(), 32 - (log2 < 2 ? 1 : log2 - 1)};
    words_.resize(words_.size() + (uint64_t{1} << (32 - part.shift)));
    return part;
  }
  void add(Part part, int32_t user, int32_t item) {
    const Unsigned8 zero = {};
    const Probe8 at = probe(part, zero + static_cast<unsigned>(user),
                            zero + static_cast<unsigned>(item));
    words_[part.first + at.word[0]] |= at.bits[0];
  }
  const uint32_t* words(Part part) const { return words_.data() + part.first; }

  LATENT_INLINE static Probe8 probe(Part part, const Unsigned8& user, const Unsigned8& item) {
    const Unsigned8 hash = ((user * 0x9E3779B1u) ^ item) * 0x85EBCA6Bu;
    const Unsigned8 one = Unsigned8{} + 1u;
    return {hash >> part.shift, one << (hash >> 16 & 31) | one << (hash >> 11 & 31)};
  }

 private:
  std::vector<uint32_t> words_;
};

}  // namespace latent
