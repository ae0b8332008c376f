#include "src/metrics/rating.h"

#include <cmath>

namespace latent {

RatingMetrics rating_metrics(std::span<const float> predictions, std::span<const float> ratings,
                             double train_mean) {
  RatingMetrics m;
  if (ratings.empty()) return m;
  for (size_t n = 0; n < ratings.size(); ++n) {
    const double r = ratings[n], error = predictions[n] - r;
    const double rounded = std::trunc(double{predictions[n]} + 0.5) - r;
    m.mse += error * error;
    m.mae += std::abs(error);
    m.rounded_mse += rounded * rounded;
    m.baseline_mse += (train_mean - r) * (train_mean - r);
  }
  const auto count = static_cast<double>(ratings.size());
  for (double* sum : {&m.mse, &m.mae, &m.rounded_mse, &m.baseline_mse}) *sum /= count;
  m.rmse = std::sqrt(m.mse);
  return m;
}

}  // namespace latent
