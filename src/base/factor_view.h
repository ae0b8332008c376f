// A trained model as plain tables: all that evaluation needs of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace latent {

/// score(u, i) = alpha + beta_user[u] + beta_item[i] + gamma_user[u] . gamma_item[i]; a null table
/// is absent. Tables are row-major floats: beta [U] or [I], gamma [U, K] or [I, K].
struct FactorView {
  int32_t users = 0, items = 0, factors = 0;
  float alpha = 0;
  const float* beta_user = nullptr;
  const float* beta_item = nullptr;
  const float* gamma_user = nullptr;
  const float* gamma_item = nullptr;

  /// Range of predict(); infinite: no clipping.
  float lowest = -std::numeric_limits<float>::infinity();
  float highest = std::numeric_limits<float>::infinity();

  float score(int32_t u, int32_t i) const;
  /// The score as a rating: clipped.
  float predict(int32_t u, int32_t i) const {
    return std::clamp(score(u, i), lowest, highest);
  }
};

/// Scores users against the whole catalogue. Items lie transposed in tiles, so that the inner loop
/// runs over neighbouring items; the sum over factors is in order, the same whoever asks.
class CatalogueScorer {
 public:
  explicit CatalogueScorer(const FactorView& view);
  /// out [I]
  void scores(int32_t user, float* out) const;

 private:
  FactorView view_;
  std::vector<float> tiles_;  // [tiles, K, kTile]
};

}  // namespace latent
