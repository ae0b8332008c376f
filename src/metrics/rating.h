// Errors of predicted ratings.
#pragma once

#include <span>

namespace latent {

struct RatingMetrics {
  double mse = 0, rmse = 0, mae = 0;
  double rounded_mse = 0;   ///< of trunc(p + .5), as Exercise 5.3 rounds
  double baseline_mse = 0;  ///< of always predicting `train_mean`
};

/// Spans of equal length; all zero when they are empty.
RatingMetrics rating_metrics(std::span<const float> predictions, std::span<const float> ratings,
                             double train_mean);

}  // namespace latent
