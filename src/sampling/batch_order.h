// The order in which a batch is cheapest to work on: users one after another.
#pragma once

#include <cstdint>
#include <vector>

#include "src/sampling/sampler.h"

namespace latent {

/// Sorts batches by radix; keeps its memory from batch to batch.
class BatchOrder {
 public:
  /// Puts the samples in ascending order of users, those of one user as they were, and fills
  /// sorted_items and item_order: the items, with the negatives after them, in ascending order of
  /// item >> item_shift, otherwise as they were, and where each stands (n < B: in items, else n - B
  /// in negatives). A bucket of 2^item_shift items has its rows in the nearest caches: sorting on
  /// would cost more than it brings.
  void sort(SampleBatch& batch);

 private:
  void sort_users(SampleBatch& batch);
  void bucket_items(SampleBatch& batch);

  std::vector<uint64_t> entries_, other_;  // key * 2^32 + index
  std::vector<int32_t> ints_;
  std::vector<float> floats_;
};

}  // namespace latent
