// A trained model as plain tables: all that evaluation needs of it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "src/kernels/score_kernel.h"
#include "src/kernels/tables.h"
#include "src/score/item_item.h"

namespace latent {

/// Tables, similarities of items where a model has them, and what turns scores into ratings.
struct FactorView : Tables<const float> {
  /// Added to what the tables say; empty: nothing is.
  ItemItemView similar = {};

  /// Range of predict(); infinite: no clipping.
  float lowest = -std::numeric_limits<float>::infinity();
  float highest = std::numeric_limits<float>::infinity();

  /// The rating of a pair that the tables say nothing of: a score of exactly 0, as a user or an
  /// item without factors has where nothing is added to them.
  std::optional<float> default_prediction = {};

  /// The score by which an item ranks. An id below 0 is unknown: its terms are left out.
  float score(int32_t u, int32_t i) const {
    const float sum = Tables::score(u, i);
    return similar.empty() ? sum : similar.add_to(sum, u, i);
  }

  /// The score as a rating: clipped. An id below 0 is unknown: its terms are left out.
  float predict(int32_t u, int32_t i) const { return as_rating(score(u, i)); }
  float as_rating(float score) const {
    return std::clamp(score == 0 ? default_prediction.value_or(score) : score, lowest, highest);
  }
};

/// The scores of a block of users for neighbouring items.
struct ScoreStrip {
  int32_t first, items;  ///< items first ... first + items - 1
  const float* scores;   ///< [users, kStripItems]

  std::span<const float> of(size_t user) const {
    return {scores + user * kStripItems, static_cast<size_t>(items)};
  }
  static constexpr int32_t kStripItems = 128;
};

/// Scores users against the whole catalogue. Items lie transposed in tiles, so that the inner loop
/// runs over neighbouring items; the sum over factors is in order: the same bits whoever asks.
class CatalogueScorer {
 public:
  /// Keeps pointers to `view`'s tables.
  explicit CatalogueScorer(const FactorView& view);

  float score(int32_t user, int32_t item) const;

  /// Calls `visit` for each strip of the catalogue, in order. Each strip's items are read once for
  /// all the users: tens of users make the product as fast as it gets.
  void for_each_strip(std::span<const int32_t> users,
                      const std::function<void(const ScoreStrip&)>& visit) const;

 private:
  FactorView view_;
  std::vector<TileLine> tiles_;  // [tiles, K]
  std::vector<TileLine> beta_;   // [tiles], or none
};

}  // namespace latent
