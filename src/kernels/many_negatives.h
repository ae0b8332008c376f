// The hot path of training against many negatives: losses of batches and their gradients, on plain
// tables of floats. models/mf.h is the same in one's own words.
//
// Dimension legend: B batch, N negatives, U users, I items, K factors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/base/peers.h"
#include "src/kernels/bfloat16.h"
#include "src/kernels/negative_losses.h"
#include "src/kernels/tables.h"

namespace latent {

/// A batch in the order of its users (BatchOrder in src/sampling/batch_order.h).
struct RankedBatch {
  int64_t size = 0, negatives = 0;     ///< B, N
  bool shared = false;                 ///< negatives are [N], not [B, N]
  const int32_t* users = nullptr;      ///< [B], ascending
  const int32_t* items = nullptr;      ///< [B]
  const int32_t* negative = nullptr;   ///< [N] or [B, N]
  const float* log_weights = nullptr;  ///< in the shape of `negative`, or null: 0
  std::span<const int64_t> excluded = {};   ///< b N + n of shared negatives, ascending
  const float* user_scale = nullptr;        ///< [B, K], or null: 1
  const float* thresholds = nullptr;        ///< [U], of sl_at_k
  std::span<const int32_t> sorted_items = {};  ///< items and negatives by bucket
  const int32_t* item_order = nullptr;         ///< where each stands: n < B in items, else n - B
  int item_shift = 0;
  /// The samples of each rank's users; what is derived by users is of this rank's own alone.
  OwnedRows samples = {};
  /// The places of sorted_items that are each rank's; what is derived by items is its own alone.
  OwnedRows places = {};
};

/// Keeps its memory from batch to batch. The bits depend on no number of threads: a row of a table
/// has one owner, and sums of losses are added sample by sample or part by part.
class ManyNegatives {
 public:
  /// Scores are gamma_user . gamma_item + beta_item (if any), or the cosine of the two.
  ManyNegatives(const NegativeLossForm& form, bool cosine) : form_(form), cosine_(cosine) {}

  /// The sum of the losses of a batch, and what add_gradients() needs. F: float or BFloat16; all
  /// arithmetic is in float.
  template <typename F>
  double losses(const Tables<const float, const F>& tables, const RankedBatch& batch, int threads);
  /// Adds `scale` times the derivatives of that sum. The same tables and batch.
  template <typename F>
  void add_gradients(const Tables<const float, const F>& tables, const RankedBatch& batch,
                     float scale, int threads, const Tables<float>& out) const;

 private:
  template <typename F>
  void gather(const Tables<const float, const F>& tables, const RankedBatch& batch, int threads);
  double own_positives(const RankedBatch& batch);
  template <typename F>
  double shared_losses(const Tables<const float, const F>& tables, const RankedBatch& batch,
                       int threads);
  template <typename F>
  double own_losses(const Tables<const float, const F>& tables, const RankedBatch& batch,
                    int threads);
  void share_own(const RankedBatch& batch, std::vector<double>& sums);

  NegativeLossForm form_;
  bool cosine_;
  int64_t columns_ = 0;                     // K in whole panels
  Table<float> users_, positives_;          // [B, K]: rows of the score
  Table<float> user_size_, positive_size_;  // [B]: 1 / length of the tables' rows; 1 for dots
  Table<float> score_, slope_, own_slope_;  // [B]; own_slope_: of bsl's positives' side
  Table<float> user_rise_;                  // [B, K]: derivatives through negatives
  Table<float> negatives_, item_rise_;      // shared: [N, K]
  Table<float> negative_size_;              // [N] or [B, N]
  Table<float> rise_;                       // shared: [N], of the biases; else [B, N], of scores
  Table<float> weights_;                    // shared: [N]
};

}  // namespace latent
