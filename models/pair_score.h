// The hot path of training on the CPU: scores of pairs whose backward scatters straight into the
// gradient tables.
#pragma once

#include "models/recommender.h"

namespace latent {

/// Whether the functions below apply: tables on the CPU, contiguous, of one floating type.
bool can_score_directly(const ScoreTables& tables);

/// alpha + beta_user[u] + beta_item[i] + gamma_user[u] . gamma_item[i] of the tables that are
/// defined: ids int32 [B] -> [B].
///
/// Equal to the models' forward() up to rounding. The gradients of the tables are added in place to
/// their .grad, where nn::Embedding would make, zero and add whole tables; each row's sum runs in
/// batch order, so the bits do not depend on the number of threads. For .backward() alone:
/// torch::autograd::grad() sees none of them.
torch::Tensor pair_scores(const ScoreTables& tables, const torch::Tensor& users,
                          const torch::Tensor& items);

/// score(u, i) - score(u, j), likewise; alpha and beta_user cancel and must be undefined.
torch::Tensor pair_differences(const ScoreTables& tables, const torch::Tensor& users,
                               const torch::Tensor& items, const torch::Tensor& negatives);

}  // namespace latent
