// The hot path of model.name = mf on the CPU: its loss and gradient without autograd.
#pragma once

#include "models/mf.h"
#include "src/kernels/many_negatives.h"
#include "src/train/ordered_batch.h"

namespace latent {

/// The constants of mf.loss for the kernels; of all losses but directau.
NegativeLossForm negative_loss_form(const MfOptions& options);

/// The data_loss() of batches, equal to that of MfImpl and autograd up to rounding. The bits do not
/// depend on the number of threads.
class ManyNegativesLoss {
 public:
  /// Keeps a reference to `model`, whose tables are on the CPU, floats or factors in
  /// bfloat16, and whose loss has negatives.
  explicit ManyNegativesLoss(MfImpl& model);

  /// The loss of `batch`, of which it keeps the tensors until the next call. `owners`: of a batch
  /// in the order of its users.
  double value(const OrderedBatch& batch, const BatchOwners& owners = {});
  /// Adds the gradient of `factor` times that loss to the .grad of the tables, which are made
  /// (zero) where they are absent.
  void backward(double factor = 1);

 private:
  RankedBatch view() const;

  MfImpl& model_;
  ManyNegatives kernels_;
  OrderedBatch batch_;
  BatchOwners owners_;
};

}  // namespace latent
