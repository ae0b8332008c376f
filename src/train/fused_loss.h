// The hot path of training on the CPU: losses of batches, and their gradients added straight into
// the gradient tables, without autograd.
#pragma once

#include "src/train/ordered_batch.h"

namespace latent {

/// Whether FusedLoss applies to `model`: it has a loss_form(), and tables() on the CPU, contiguous,
/// of one floating type (beside floats the gammas may be in bfloat16), with beta_item and both
/// gammas or none.
bool can_fuse(const GradientModelImpl& model);

/// The data_loss() of one batch, equal to that of forward() and autograd up to rounding (a test
/// over the whole catalogue). nn::Embedding would make, zero and add whole gradient tables; here a
/// batch touches its own rows. The bits do not depend on the number of threads.
class FusedLoss {
 public:
  /// Keeps a reference to `model`. `batch`: ids int32 and contiguous, one negative a sample.
  /// `owners`: of a batch in the order of its users (see PairKernels).
  FusedLoss(const GradientModelImpl& model, const OrderedBatch& batch,
            const BatchOwners& owners = {});

  double value() const { return value_; }
  /// Adds the gradient of `factor` times the loss to the .grad of the tables, which are made (zero)
  /// where they are absent.
  void backward(double factor = 1) const;

 private:
  ScoreTables tables_;
  OrderedBatch batch_;
  BatchOwners owners_;
  LossForm form_;
  torch::Tensor weight_, user_sum_;  // [B], [B, K]: see PairKernels
  double value_;
};

}  // namespace latent
