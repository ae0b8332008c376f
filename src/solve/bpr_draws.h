// BPR's samples: positives part by part of the users, negatives from all pairs, both from
// counter-based streams.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/rng.h"
#include "src/kernels/wide_vectors.h"
#include "src/score/pair_filter.h"
#include "src/score/user_items.h"
#include "src/solve/stripes.h"

namespace latent {

/// Samples of different stripes of users and of items share no row.
constexpr int kUserStripes = 8, kItemStripes = 16;

/// Rows of the tables.
struct BprSample {
  int32_t user, item, negative;
};

/// The distinct pairs, cut into parts of whole users: while a part is worked on, its pairs and what
/// its users have stay in the nearest caches. The parts depend on the pairs alone.
class BprDraws {
 public:
  /// Samples name the rows of `users` and `items`, which must outlive this object. Throws Error
  /// where there is no pair, or more than 2^32 - 1.
  BprDraws(UserItems pairs, const StripedRows& users, const StripedRows& items,
           bool verify_negatives, uint64_t seed);

  int64_t pairs() const { return static_cast<int64_t>(pairs_.size()); }
  int32_t users() const { return known_.users(); }
  const StripedRows& user_rows() const { return users_; }
  const StripedRows& item_rows() const { return items_; }
  int64_t parts() const { return static_cast<int64_t>(parts_.size()); }
  int64_t part_pairs(int64_t part) const { return parts_[part].pairs; }

  /// The sample of a positive pair and of the pair that gives the negative.
  BprSample sample(int64_t pair, int64_t other) const {
    const Pair& p = pairs_[pair];
    return {users_.row_of(p.user), p.item_row, items_.row_of(known_.item[other])};
  }
  /// Whether the user of `pair` has the item of `other`.
  bool known(int64_t pair, int64_t other) const {
    return has(pairs_[pair].user, known_.item[other]);
  }

  /// The parts in the order of epoch `epoch`.
  std::vector<int32_t> order(int64_t epoch) const;

  /// Draws kBlock samples, or the part's last ones, and prefetches what they read.
  class Reader;

  static constexpr int kBlock = 32;

 private:
  friend class Reader;
  struct Part {
    uint32_t first, pairs;
    PairFilter::Part filter;
  };
  struct Pair {
    int32_t user, item_row;
  };
  /// Whether the user has the item: a binary search without branches, which would be mispredicted.
  LATENT_INLINE bool has(int32_t user, int32_t item) const {
    const int32_t* from = known_.item.data() + known_.start[user];
    int64_t n = known_.start[user + 1] - known_.start[user];
    if (n == 0) return false;
    while (n > 1) {
      const int64_t half = n / 2;
      from += (from[half - 1] < item) * half;
      n -= half;
    }
    return *from == item;
  }

  const StripedRows& users_;
  const StripedRows& items_;
  UserItems known_;          // the pairs
  std::vector<Pair> pairs_;  // [pairs] the same
  bool verify_;
  Rng rng_;
  std::vector<Part> parts_;
  PairFilter filter_;
};

/// One part's samples in one epoch, block by block. Draws are uniform by multiply and shift of 32
/// bits: no probability is off by more than 2^-32.
class BprDraws::Reader {
 public:
  Reader(const BprDraws& draws, int64_t part, int64_t epoch)
      : draws_(draws),
        part_(draws.parts_[part]),
        words_(draws.filter_.words(part_.filter)),
        pairs_(draws.pairs_.data() + part_.first),
        items_(draws.known_.item.data()),
        user_row_(draws.users_.row_of().data()),
        item_row_(draws.items_.row_of().data()),
        all_(draws.known_.item.size()),
        left_(part_.pairs),
        stream_(draws.rng_.stream("bpr samples", epoch, part)) {
    draw();
  }

  /// The next samples into `out` (room for kBlock), those with a known negative left out and
  /// counted in `skipped`. Returns their number, or -1 at the end.
  LATENT_INLINE int next(BprSample* out, int64_t& skipped) {
    if (ahead_ == 0) return -1;
    const int drawn = ahead_;
    // Whole blocks, for vectors: what lies beyond the last of a part is valid too, and left out.
    uint32_t users[kBlock], negatives[kBlock];
    int32_t user_rows[kBlock], item_rows[kBlock], negative_rows[kBlock];
    for (int n = 0; n < kBlock; ++n) {
      users[n] = static_cast<uint32_t>(pairs_[pair_[n]].user);
      item_rows[n] = pairs_[pair_[n]].item_row;
      negatives[n] = static_cast<uint32_t>(items_[other_[n]]);
    }
    for (int n = 0; n < kBlock; ++n) {
      user_rows[n] = user_row_[users[n]];
      negative_rows[n] = item_row_[negatives[n]];
    }
    draw();
    if (!draws_.verify_) {
      for (int n = 0; n < drawn; ++n) out[n] = {user_rows[n], item_rows[n], negative_rows[n]};
      return drawn;
    }
    int kept = 0;
    uint32_t word[kBlock], bits[kBlock];
    for (int n = 0; n < kBlock; n += 8) {
      const auto probe = PairFilter::probe(part_.filter, load8(users + n), load8(negatives + n));
      store8(word + n, probe.word);
      store8(bits + n, probe.bits);
    }
    // No branch on what the filter says: it would often be mispredicted.
    int suspects[kBlock];
    int suspected = 0;
    for (int n = 0; n < drawn; ++n) {
      const bool maybe = (words_[word[n]] & bits[n]) == bits[n];
      out[kept] = {user_rows[n], item_rows[n], negative_rows[n]};
      kept += !maybe;
      suspects[suspected] = n;
      suspected += maybe;
    }
    for (int k = 0; k < suspected; ++k) {
      const int n = suspects[k];
      const bool known =
          draws_.has(static_cast<int32_t>(users[n]), static_cast<int32_t>(negatives[n]));
      out[kept] = {user_rows[n], item_rows[n], negative_rows[n]};
      kept += !known;
      skipped += known;
    }
    return kept;
  }

 private:
  LATENT_INLINE void draw() {
    ahead_ = left_ < kBlock ? static_cast<int>(left_) : kBlock;
    left_ -= ahead_;
    uint64_t bits[kBlock];
    stream_.fill(bits);
    for (int n = 0; n < kBlock; ++n) {
      pair_[n] = static_cast<uint32_t>((bits[n] >> 32) * part_.pairs >> 32);
      other_[n] = static_cast<uint32_t>((bits[n] & 0xFFFFFFFFu) * all_ >> 32);
    }
    for (int n = 0; n < kBlock; ++n) __builtin_prefetch(items_ + other_[n]);
  }

  const BprDraws& draws_;
  const Part part_;
  const uint32_t* words_;
  const Pair* pairs_;
  const int32_t* items_;
  const int32_t *user_row_, *item_row_;
  uint64_t all_;
  int64_t left_;
  int ahead_ = 0;
  RandomStream stream_;
  uint32_t pair_[kBlock], other_[kBlock];
};

}  // namespace latent
