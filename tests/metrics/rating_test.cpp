#include "src/metrics/rating.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/support.h"

namespace latent {
namespace {

RatingMetrics rating_metrics(const std::vector<float>& predictions,
                             const std::vector<float>& ratings, double train_mean) {
  RatingErrors errors(train_mean);
  for (size_t n = 0; n < ratings.size(); ++n) errors.add(predictions[n], ratings[n]);
  return errors.metrics();
}

TEST(RatingMetrics, EqualTheGoldenValues) {
  std::ifstream in(LATENT_SOURCE_DIR "/tests/golden/ranking.json");
  const auto golden = nlohmann::json::parse(in);
  const auto& rating = golden.at("rating");
  const auto predictions = rating.at("predictions").get<std::vector<float>>(),
             ratings = rating.at("ratings").get<std::vector<float>>();
  const RatingMetrics got = rating_metrics(predictions, ratings, rating.at("train_mean"));
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, double>>{{"mse", got.mse},
                                                   {"rmse", got.rmse},
                                                   {"mae", got.mae},
                                                   {"rounded_mse", got.rounded_mse},
                                                   {"baseline_mse", got.baseline_mse}}) {
    EXPECT_NEAR(value, rating.at("expected").at(name), 1e-12)
        << name << "; made by " << golden.at("how");
  }
}

TEST(RatingMetrics, RoundTowardZeroAsTheNotebookDoes) {
  // int(p + .5): -0.7 becomes 0, -1.5 becomes -1, 2.5 becomes 3.
  const std::vector<float> predictions = {-0.7f, -1.5f, 2.5f, 2.49f}, rounded = {0, -1, 3, 2};
  EXPECT_EQ(rating_metrics(predictions, rounded, 0).rounded_mse, 0);
}

TEST(RatingMetrics, AreZeroForNoRows) {
  const RatingMetrics got = rating_metrics({}, {}, 3);
  EXPECT_EQ(got.mse + got.rmse + got.mae + got.rounded_mse + got.baseline_mse, 0);
}

// A running mean in float would stop moving long before the millionth row.
TEST(RatingMetrics, KeepTheirPrecisionOverManyRows) {
  const std::vector<float> predictions(3000000, 1.1f), ratings(3000000, 1.0f);
  const double error = double{1.1f} - 1;
  const RatingMetrics got = rating_metrics(predictions, ratings, 1);
  EXPECT_NEAR(got.mse, error * error, 1e-10);
  EXPECT_NEAR(got.mae, error, 1e-9);
}

}  // namespace
}  // namespace latent
