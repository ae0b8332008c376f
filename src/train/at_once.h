// Models that are computed from their rows at once, without steps.
#pragma once

#include <cstdint>

#include "src/score/user_items.h"
#include "src/train/stepper.h"

namespace latent {

/// Computes `fit.model`, a model of Trained::kAtOnce, from `fit.rows`: the same bits whenever and
/// on however many threads. Throws Error where it needs more memory than the machine has.
void fit_at_once(const FitContext& fit);

/// B of EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", 2019, equation 8):
/// P = (X'X + lambda I)^-1 by Cholesky, B[j, i] = -P[j, i] / P[i, i], 0 on the diagonal; floats
/// [I, I] of the 0/1 matrix X [U, I].
torch::Tensor ease_weights(const UserItems& pairs, int32_t items, double lambda, int threads);

/// The most memory that ease_weights() takes at a time, in bytes.
int64_t ease_memory(int64_t items);
/// Throws Error where `items` items need more than `available` bytes.
void require_ease_memory(int64_t items, int64_t available);
/// Says on stderr what memory the model is about to take, where it is ease.
void tell_memory(const RunConfig& config, int64_t items);

}  // namespace latent
