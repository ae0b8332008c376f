// The hot path of training on the CPU: losses of batches whose backward adds straight into the
// gradient tables.
#pragma once

#include "models/recommender.h"

namespace latent {

/// Whether the functions below apply: tables on the CPU, contiguous, of one floating type, with
/// beta_item and both gammas or none.
bool can_fuse_loss(const ScoreTables& tables);

/// A CPU batch in the order of its users, with the order of its items; as it is when it has one.
Batch in_user_order(const Batch& batch);

/// mean (score(u, i) - rating)^2 -> scalar, where score is that of the tables that are defined.
///
/// Equal to the mean squared error of the models' forward() up to rounding. The gradients of the
/// tables are added in place to their .grad, where nn::Embedding would make, zero and add whole
/// tables. The bits do not depend on the number of threads. For .backward() alone:
/// torch::autograd::grad() sees none of them.
torch::Tensor pointwise_loss(const ScoreTables& tables, const Batch& batch);

/// mean softplus(-(score(u, i) - score(u, j))) of the batch's items and negatives, likewise; alpha
/// and beta_user cancel and must be undefined.
torch::Tensor pairwise_loss(const ScoreTables& tables, const Batch& batch);

}  // namespace latent
