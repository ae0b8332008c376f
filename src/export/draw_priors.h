// The normal distributions that the users' vectors of each draw are of.
#pragma once

#include <span>

#include "models/recommender.h"

namespace latent {

/// Means [S, D] and precisions [S, D, D] of (bias, factors), D = K + 1, over the users with rows:
/// what bayesian_mf's own hyperparameters are drawn around (Salakhutdinov & Mnih, 2008, eq. 14),
/// with one more user at the mean whose spread is the average one. `factors` is gamma_user
/// [U, S K].
struct DrawPriors {
  torch::Tensor mean, precision;  // float64
};
DrawPriors draw_priors(const torch::Tensor& biases, const torch::Tensor& factors,
                       std::span<const int32_t> user_rows);

}  // namespace latent
