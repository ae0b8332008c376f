// How predicted ratings spread for each true one.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/score/factor_view.h"

namespace latent {

/// Predictions for rows whose true ratings lie from `lowest` to `highest`.
struct PredictionSpread {
  double lowest, highest;
  double mean;  ///< of the true ratings
  int64_t rows;
  /// Of the predictions: quantiles at 5, 25, 50, 75 and 95 %, neighbours joined by straight lines.
  double low, first_quarter, median, third_quarter, high;
};

/// For each distinct rating where there are at most twelve; else for ten bins of equal width, of
/// those that have rows. [rows] users, items, ratings.
std::vector<PredictionSpread> prediction_spreads(const FactorView& model,
                                                 std::span<const int32_t> user,
                                                 std::span<const int32_t> item,
                                                 std::span<const float> rating);

}  // namespace latent
