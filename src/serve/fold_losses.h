// Losses of one user's scores: of the items that they have, against those of other items.
//
// Dimension legend: n items of the user, M others, K factors.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "src/formats/fold_in_spec.h"

namespace latent {

/// Scores, and the slopes of a loss by each of them.
struct UserScores {
  std::vector<double> own, others;              ///< [n], [M]
  std::vector<double> own_slope, other_slope;   ///< [n], [M]
  std::vector<double> weight;  ///< [M] of the others; together 1. Quickest where equal ones meet
};

/// Means over the user's items i, with m(f) = sum_j weight_j f_j over the others j:
///
/// bpr       m(softplus(s_j - s_i)) (Rendle et al., 2009)
/// hinge     m(max(0, margin + s_j - s_i))
/// mse       (1 - s_i)^2 + negative_weight m(s_j^2)
/// bce       softplus(-s_i) + negative_weight m(softplus(s_j))
/// ccl       1 - s_i + negative_weight m(max(0, s_j - margin)) (Mao et al., 2021)
/// softmax   -s_i / tau + log m(exp(s_j / tau)) (Wu et al., 2022); sl_at_k too, which weighs a
///           user's items by where they stand in that user's list
/// bsl       -log mean_i exp(s_i / tau) + tau2 log m(exp(s_j / tau)) (Wu et al., 2024)
///
/// Returns the loss and fills the slopes.
double user_loss(const FoldInSpec& spec, UserScores& scores);

/// Whether user_loss() knows spec.loss.
bool has_user_loss(const std::string& loss);

/// Moves `x` to a minimum of `f`, which returns its value at x and fills the gradient: L-BFGS with
/// halved steps (Nocedal & Wright, Numerical Optimization, 2006, algorithm 7.5).
void minimise(const std::function<double(std::span<const double> x, std::span<double> gradient)>& f,
              std::vector<double>& x);

}  // namespace latent
