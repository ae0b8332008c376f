// Batches drawn where the tables are: for a GPU, nothing crosses to it from step to step.
#pragma once

#include "models/recommender.h"
#include "src/data/interactions.h"
#include "src/sampling/sampler.h"
#include "src/score/user_items.h"

namespace latent {

/// What Sampler does, in tensors: rows drawn with replacement or in epochs, and negatives for each
/// where `known` is given. A negative that the user knows weighs nothing; of a sample's own, drawn
/// uniformly, there is none.
///
/// Batch t depends on the seed and t alone, but its numbers are not Sampler's. A negative needs no
/// trial and error: with a user's known items a_0 < a_1 < ..., the r-th unknown item is r plus the
/// number of t with a_t - t <= r, which one binary search in a table of all users' (a_t - t) finds.
/// No step waits for the device.
class DeviceBatches {
 public:
  DeviceBatches(const Interactions& rows, const SamplerOptions& options, const UserItems* known,
                int32_t items, torch::Device device);

  Batch get(int64_t step);

 private:
  at::Generator generator(const char* name, int64_t n) const;
  torch::Tensor chosen_rows(int64_t step);
  /// [B, N]: uniform over the items that each user does not know.
  torch::Tensor unknown(const torch::Tensor& users, int64_t step) const;
  /// Draws whatever else, all items alike or by popularity, known or not.
  torch::Tensor drawn(at::IntArrayRef shape, int64_t step) const;
  void add_negatives(Batch& batch, int64_t step) const;
  void add_scale(Batch& batch, int64_t step) const;

  SamplerOptions options_;
  torch::Device device_;
  int64_t size_, items_;
  torch::Tensor users_, items_of_rows_, ratings_;  // int32, int32, float [rows]
  torch::Tensor keys_, start_;  // int64: u (I + 1) + a_t - t, ascending; [U + 1]
  torch::Tensor pairs_;         // int64: u I + a of all known pairs, ascending
  torch::Tensor cumulative_, log_weights_;  // [I] double, float of NegativeItems, or undefined
  torch::Tensor order_;         // the permutation of epoch_
  int64_t epoch_ = -1;
};

/// On a GPU: operators that add in a fixed order wherever LibTorch has such a form, so that a
/// resumed run has the bits of one that was not disturbed. For the whole process.
void prefer_fixed_order(const torch::Device& device);

}  // namespace latent
