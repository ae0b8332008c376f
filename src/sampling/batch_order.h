// The order in which a batch is cheapest to work on: users one after another.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/sampling/sampler.h"

namespace latent {

/// Sorts batches by radix; keeps its memory from batch to batch. The order is the same for any
/// number of threads.
class BatchOrder {
 public:
  explicit BatchOrder(int threads) : threads_(threads) {}

  /// Puts the samples, each with its own negatives, in ascending order of users, those of one user
  /// as they were, and fills
  /// sorted_items and item_order: the items, with the negatives after them, in ascending order of
  /// item >> item_shift, otherwise as they were, and where each stands (n < B: in items, else n - B
  /// in negatives). A bucket of 2^item_shift items has its rows in the nearest caches: sorting on
  /// would cost more than it brings.
  void sort(SampleBatch& batch);
  /// What item_shift is at most where there are so many items.
  static int most_shift(int64_t items);

 private:
  void sort_users(SampleBatch& batch);
  void bucket_items(SampleBatch& batch);

  /// One pass of a stable sort into entries_, by `bits` bits of the key from `low` on; entry_at(n)
  /// gives what is to be sorted.
  template <typename EntryAt>
  void pass(size_t size, int low, int bits, const EntryAt& entry_at);
  template <typename Fn>
  void for_parts(size_t size, const Fn& fn) const;

  static constexpr size_t kParts = 8;
  using Counts = std::array<uint32_t, 1 << 11>;

  int threads_;
  std::vector<uint64_t> entries_, other_;  // an entry: key * 2^32 + index
  std::array<Counts, kParts> counts_;
  std::vector<int32_t> items_, negatives_;
  std::vector<float> ratings_;
};

}  // namespace latent
