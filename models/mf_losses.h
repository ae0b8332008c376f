// Losses of positives against many negatives, as their papers write them.
//
// Dimension legend: B batch, N negatives of a sample, K factors.
#pragma once

#include <torch/torch.h>

#include "src/config/options.h"

namespace latent {

/// Scores of a batch. What a sample does without counts as if it had not been drawn.
struct NegativeScores {
  torch::Tensor positive;    ///< [B]
  torch::Tensor negative;    ///< [B, N]
  torch::Tensor weight;      ///< [B, N] or [1, N]: of each negative; 0: left out
  torch::Tensor users;       ///< [B], int32: below all_users
  torch::Tensor thresholds;  ///< [B]: each user's K-th highest score, of sl_at_k
  int64_t all_users = 0;     ///< U
};

/// A mean over the batch, by `options.loss`; w_j is a negative's weight and m(f) = sum_j w_j f_j /
/// sum_j w_j, s a positive's score and s_j those of its negatives:
///
/// mse      (1 - s)^2 + negative_weight m(s_j^2)
/// bce      softplus(-s) + negative_weight m(softplus(s_j))
/// bpr      m(softplus(s_j - s)) (Rendle et al., 2009)
/// hinge    m(max(0, margin + s_j - s)) (Weston et al., 2011, without its ranks)
/// softmax  -s / tau + log sum_j w_j exp(s_j / tau) (sampled softmax: Wu et al., 2022)
/// bsl      -log p + tau2 log m(exp(s_j / tau)), p the mean of exp(s / tau) over the batch's
///          samples of the same user (Wu et al., 2024, as in their code)
/// sl_at_k  sigmoid((s - b) / tau_w) log sum_j w_j exp((s_j - s) / tau), b the user's threshold
///          (Yang et al., 2025)
/// ccl      1 - s + negative_weight m(max(0, s_j - margin)) (SimpleX: Mao et al., 2021)
///
/// A sample left without any negative keeps the positive's part alone (bpr, hinge, sl_at_k: 0).
torch::Tensor many_negatives_loss(const NegativeScores& scores, const MfOptions& options);

/// Mean |u - i|^2 + gamma (uniformity of u + that of i) / 2 of rows of length 1, [B, K] each;
/// uniformity: log of the mean of exp(-2 |x - y|^2) over all pairs of rows (DirectAU: Wang et al.,
/// 2022); 0 for a single row.
torch::Tensor directau_loss(const torch::Tensor& users, const torch::Tensor& items, double gamma);

}  // namespace latent
