// Errors of predicted ratings.
#pragma once

#include <cstdint>

namespace latent {

struct RatingMetrics {
  double mse = 0, rmse = 0, mae = 0;
  double rounded_mse = 0;   ///< of trunc(p + .5), as Exercise 5.3 rounds
  double baseline_mse = 0;  ///< of always predicting `train_mean`
};

/// Sums them up, pair after pair.
class RatingErrors {
 public:
  explicit RatingErrors(double train_mean) : train_mean_(train_mean) {}
  void add(float prediction, float rating);
  int64_t count() const { return count_; }
  /// All zero where nothing was added.
  RatingMetrics metrics() const;

 private:
  double train_mean_;
  double square_ = 0, absolute_ = 0, rounded_ = 0, baseline_ = 0;
  int64_t count_ = 0;
};

}  // namespace latent
