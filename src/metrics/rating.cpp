#include "src/metrics/rating.h"

#include <cmath>

namespace latent {

void RatingErrors::add(float prediction, float rating) {
  const double r = rating, error = prediction - r;
  const double rounded = std::trunc(double{prediction} + 0.5) - r;
  square_ += error * error;
  absolute_ += std::abs(error);
  rounded_ += rounded * rounded;
  baseline_ += (train_mean_ - r) * (train_mean_ - r);
  ++count_;
}

RatingMetrics RatingErrors::metrics() const {
  if (count_ == 0) return {};
  const auto count = static_cast<double>(count_);
  return {.mse = square_ / count,
          .rmse = std::sqrt(square_ / count),
          .mae = absolute_ / count,
          .rounded_mse = rounded_ / count,
          .baseline_mse = baseline_ / count};
}

}  // namespace latent
