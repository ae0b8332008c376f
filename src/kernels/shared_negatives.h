// Losses of a batch whose samples share one set of negatives: three matrix products, by blocks of
// samples.
//
// Dimension legend: B batch, N negatives, K columns of a row (whole panels).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/kernels/negative_losses.h"
#include "src/kernels/panels.h"

namespace latent {

struct SharedNegatives {
  int64_t size = 0, negatives = 0, columns = 0;  ///< B, N, K
  const float* users = nullptr;                  ///< [B, K]: rows of the score, as are items'
  const float* items = nullptr;                  ///< [N, K]: of the negatives
  const float* item_bias = nullptr;              ///< [N], or null
  const float* weights = nullptr;                ///< [N]; null: 1
  const float* positives = nullptr;              ///< [B]: scores
  const float* thresholds = nullptr;             ///< [B], of sl_at_k
  std::span<const int64_t> excluded = {};        ///< b N + n, ascending: left out of b's loss
};

/// Where the derivatives of the sum of losses go; all are overwritten.
struct SharedSlopes {
  float* positives;  ///< [B]
  float* users;      ///< [B, K]: those through the negatives' scores
  float* items;      ///< [N, K]
  float* item_bias;  ///< [N], or null
};

/// The sum of all samples' losses (of bsl, the negatives' side). Scores live a block at a time and
/// are never a table of B x N. The same bits for any number of threads: samples are cut into parts
/// by B, N and K alone, each with sums of its own for the items, which are added in order. Ranks
/// take some of the parts each, and all get everything.
double shared_negative_losses(const NegativeLossForm& form, const SharedNegatives& batch,
                              int threads, const SharedSlopes& out, Peers& peers = alone());

}  // namespace latent
