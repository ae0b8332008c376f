// BPR's samples: positives part by part of the users, negatives from all pairs, both from
// counter-based streams.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/rng.h"
#include "src/kernels/wide_vectors.h"
#include "src/score/user_items.h"
#include "src/solve/pair_filter.h"

namespace latent {

struct BprSample {
  int32_t user, item, negative;
};

/// The distinct pairs, cut into parts of whole users: while a part is worked on, its users' rows
/// and pairs stay in the nearest caches, and nobody else writes those rows. The parts depend on the
/// pairs alone.
class BprDraws {
 public:
  /// Throws Error where there is no pair, or more than 2^32 - 1.
  BprDraws(UserItems pairs, bool verify_negatives, uint64_t seed);

  int64_t pairs() const { return static_cast<int64_t>(item_.size()); }
  int64_t parts() const { return static_cast<int64_t>(parts_.size()); }
  int64_t part_pairs(int64_t part) const { return parts_[part].pairs; }
  int64_t part_first(int64_t part) const { return parts_[part].first; }

  /// The sample of a positive pair and of the pair that gives the negative.
  BprSample sample(int64_t pair, int64_t other) const {
    return {pairs_[pair].user, pairs_[pair].item, item_[other]};
  }
  /// Whether the user has the item: a binary search without branches, which would be mispredicted.
  LATENT_INLINE bool known(int32_t user, int32_t item) const {
    const int32_t* from = item_.data() + start_[user];
    int64_t n = start_[user + 1] - start_[user];
    if (n == 0) return false;
    while (n > 1) {
      const int64_t half = n / 2;
      from += (from[half - 1] < item) * half;
      n -= half;
    }
    return *from == item;
  }

  std::vector<int64_t> user_counts() const;
  std::vector<int64_t> item_counts(int32_t items) const;

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
  std::vector<int64_t> start_;  // [U + 1]: a user's pairs
  struct Pair {
    int32_t user, item;
  };
  std::vector<Pair> pairs_;    // ascending
  std::vector<int32_t>
      item_;  // [pairs] of pairs_ once more: half the memory to draw negatives from
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
        items_(draws.item_.data()),
        all_(draws.item_.size()),
        left_(part_.pairs),
        stream_(draws.rng_.stream("bpr samples", epoch, part)) {
    draw();
  }

  /// The next samples into `out` (room for kBlock), those with a known negative left out and
  /// counted in `skipped`. Returns their number, or -1 at the end.
  LATENT_INLINE int next(BprSample* out, int64_t& skipped) {
    if (ahead_ == 0) return -1;
    const int drawn = ahead_;
    BprSample samples[kBlock];
    uint32_t users[kBlock] = {}, negatives[kBlock] = {};
    for (int n = 0; n < drawn; ++n) {
      const Pair pair = pairs_[pair_[n]];
      const int32_t negative = items_[other_[n]];
      samples[n] = {pair.user, pair.item, negative};
      users[n] = static_cast<uint32_t>(pair.user);
      negatives[n] = static_cast<uint32_t>(negative);
    }
    draw();
    int kept = 0;
    if (!draws_.verify_) {
      for (; kept < drawn; ++kept) out[kept] = samples[kept];
      return kept;
    }
    uint32_t word[kBlock], bits[kBlock];
    for (int n = 0; n < kBlock; n += 8) {
      const auto probe = PairFilter::probe(part_.filter, load8(users + n), load8(negatives + n));
      store8(word + n, probe.word);
      store8(bits + n, probe.bits);
    }
    // No branch on what the filter says: it would often be mispredicted.
    BprSample suspects[kBlock];
    int suspected = 0;
    for (int n = 0; n < drawn; ++n) {
      const bool maybe = (words_[word[n]] & bits[n]) == bits[n];
      out[kept] = samples[n];
      kept += !maybe;
      suspects[suspected] = samples[n];
      suspected += maybe;
    }
    for (int n = 0; n < suspected; ++n) {
      const bool known = draws_.known(suspects[n].user, suspects[n].negative);
      out[kept] = suspects[n];
      kept += !known;
      skipped += known;
    }
    return kept;
  }

 private:
  LATENT_INLINE void draw() {
    ahead_ = left_ < kBlock ? static_cast<int>(left_) : kBlock;
    left_ -= ahead_;
    for (int n = 0; n < ahead_; ++n) {
      const uint64_t bits = stream_.next();
      pair_[n] = static_cast<uint32_t>((bits >> 32) * part_.pairs >> 32);
      other_[n] = static_cast<uint32_t>((bits & 0xFFFFFFFFu) * all_ >> 32);
      __builtin_prefetch(items_ + other_[n]);
    }
  }

  const BprDraws& draws_;
  const Part part_;
  const uint32_t* words_;
  const Pair* pairs_;
  const int32_t* items_;
  uint64_t all_;
  int64_t left_;
  int ahead_ = 0;
  RandomStream stream_;
  uint32_t pair_[kBlock], other_[kBlock];
};

}  // namespace latent
