// Losses of many samples and their gradients over plain tables: what src/train/fused_loss.h runs.
//
// Dimension legend: B batch, U users, I items, K factors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/kernels/bfloat16.h"
#include "src/kernels/tables.h"

namespace latent {

/// A batch in the order of its users, so that each user's rows are met once, one user after
/// another; and the order of its items, for the other side's gradient.
template <typename T>
struct SortedPairs {
  int64_t size = 0;
  const int32_t* users = nullptr;  // [B], ascending
  const int32_t* items = nullptr;  // [B]
  const T* ratings = nullptr;      // [B] of a pointwise loss
  const int32_t* negatives = nullptr;  // [B] of a pairwise loss
  /// Items, and negatives after them, ascending in item >> item_shift; and where each stands: n < B
  /// in items, else n - B in negatives. [B], or [2 B] with negatives.
  const int32_t* sorted_items = nullptr;
  const int32_t* item_order = nullptr;
  int item_shift = 0;
};

/// Begins of chunks of `keys` [size], which ascend in key >> shift, and the end: all that agree in
/// it are in one chunk, so that chunks can be worked on at once without meeting in a row.
std::vector<int64_t> key_chunks(const int32_t* keys, int64_t size, int shift);

/// Of a batch whose users' chunks begin at `begin` (key_chunks()): the chunks that have any of the
/// rank's samples. It takes the losses of all samples of those.
Piece chunks_with(std::span<const int64_t> begin, const OwnedRows& samples, int rank);

/// A batch's loss and its derivatives. Every row of a table has one owner that adds its samples in
/// batch order, and sums of losses are taken in fixed chunks: the same bits for any number of
/// threads.
///
/// Of several ranks each takes the samples of its own users, and the chunks of losses that those
/// lie in; derivatives by users are added for its own users alone, by items for all or, where
/// the places of the order of items are shared, for its own.
///
/// F: of the factors, T itself or BFloat16; all arithmetic is in T.
template <typename T, typename F = T>
class PairKernels {
 public:
  PairKernels(const Tables<const T, const F>& tables, const SortedPairs<T>& batch, int threads,
              const OwnedRows& samples = {}, const OwnedRows& places = {})
      : tables_(tables), batch_(batch), threads_(threads), samples_(samples), places_(places) {}

  /// Sum of (score - rating)^2; `weight` [B] becomes score - rating, half its derivative, and
  /// `user_sum` [B, K] in each user's first sample's row the sum of weight gamma_item.
  double squared_errors(T* weight, T* user_sum) const;

  /// Sum of softplus(-x), x = score(u, i) - score(u, j) (Rendle et al., 2009, BPR-Opt); `weight`
  /// [B] becomes the derivative -1 / (1 + e^x), `user_sum` the sum of weight (gamma_item[i] -
  /// gamma_item[j]).
  double pair_losses(T* weight, T* user_sum) const;

  /// Adds `scale` times the derivatives of the sum.
  void add_gradients(const T* weight, const T* user_sum, T scale, const Tables<T>& out) const;

 private:
  Tables<const T, const F> tables_;
  SortedPairs<T> batch_;
  int threads_;
  OwnedRows samples_, places_;
};

}  // namespace latent
