// A quick no to "has this user this item?": one word of memory, and nearly always right.
#pragma once

#include <bit>
#include <cstdint>
#include <iterator>
#include <vector>

#include "src/kernels/wide_vectors.h"
#include "src/score/user_items.h"

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

  PairFilter() = default;
  /// All pairs of `known`, for maybe(): users share parts of 4,096 words by their hash, since the
  /// bits within a word are independent of its number in small parts only.
  explicit PairFilter(const UserItems& known) {
    const int log2 = 32 - add_part(std::ssize(known.item)).shift;
    user_parts_log2_ = log2 > kPartLog2 ? log2 - kPartLog2 : 0;
    user_part_log2_ = log2 - user_parts_log2_;
    for (int32_t u = 0; u < known.users(); ++u) {
      for (const int32_t i : known.of(u)) add(part_of(u), u, i);
    }
  }

  /// Room for a part of `pairs` pairs.
  Part add_part(int64_t pairs) {
    const int log2 = std::bit_width(static_cast<uint64_t>(pairs));  // words >= pairs / 2
    const Part part{words_.size(), 32 - (log2 < 2 ? 1 : log2 - 1)};
    words_.resize(words_.size() + (uint64_t{1} << (32 - part.shift)));
    return part;
  }
  void add(Part part, int32_t user, int32_t item) {
    const uint32_t hash = hash_of(static_cast<uint32_t>(user), static_cast<uint32_t>(item));
    words_[part.first + (hash >> part.shift)] |= bits_of(hash, 1u);
  }
  const uint32_t* words(Part part) const { return words_.data() + part.first; }

  /// False: the user of `known` does not have the item. True: has it, or a rare mistake.
  bool maybe(int32_t user, int32_t item) const {
    const Part part = part_of(user);
    const uint32_t hash = hash_of(static_cast<uint32_t>(user), static_cast<uint32_t>(item));
    const uint32_t bits = bits_of(hash, 1u);
    return (words_[part.first + (hash >> part.shift)] & bits) == bits;
  }

  LATENT_INLINE static Probe8 probe(Part part, const Unsigned8& user, const Unsigned8& item) {
    const Unsigned8 hash = hash_of(user, item);
    return {hash >> part.shift, bits_of(hash, Unsigned8{} + 1u)};
  }

 private:
  static constexpr int kPartLog2 = 12;

  // Of one pair or of eight. BPR takes samples in an order that depends on them: never to change.
  template <typename Word>
  LATENT_INLINE static Word hash_of(const Word& user, const Word& item) {
    return ((user * 0x9E3779B1u) ^ item) * 0x85EBCA6Bu;
  }
  template <typename Word>
  LATENT_INLINE static Word bits_of(const Word& hash, const Word& one) {
    return one << (hash >> 16 & 31) | one << (hash >> 11 & 31);
  }
  Part part_of(int32_t user) const {
    const uint64_t hash = static_cast<uint32_t>(user) * 0x9E3779B1u;
    return {hash << user_parts_log2_ >> 32 << user_part_log2_, 32 - user_part_log2_};
  }

  std::vector<uint32_t> words_;
  int user_parts_log2_ = 0, user_part_log2_ = 1;  // of maybe()
};

}  // namespace latent
