#include "src/metrics/prediction_spread.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace latent {

namespace {

constexpr size_t kMostRatings = 12;
constexpr int kBins = 10;

double quantile(const std::vector<float>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = at - static_cast<double>(below);
  return sorted[below] + part * (double{sorted[above]} - sorted[below]);
}

/// Lower ends of the bins, ascending.
std::vector<float> bins_of(std::span<const float> rating) {
  std::set<float> distinct;
  for (const float r : rating) {
    distinct.insert(r);
    if (distinct.size() > kMostRatings) break;
  }
  if (distinct.size() <= kMostRatings) return {distinct.begin(), distinct.end()};
  const auto [least, greatest] = std::ranges::minmax(rating);
  std::vector<float> out;
  for (int n = 0; n < kBins; ++n)
    out.push_back(least + (greatest - least) * static_cast<float>(n) / kBins);
  return out;
}

}  // namespace

std::vector<PredictionSpread> prediction_spreads(const FactorView& model,
                                                 std::span<const int32_t> user,
                                                 std::span<const int32_t> item,
                                                 std::span<const float> rating) {
  const std::vector<float> bins = bins_of(rating);
  std::vector<std::vector<float>> predictions(bins.size());
  std::vector<PredictionSpread> spreads(bins.size(), {INFINITY, -INFINITY, 0, 0, 0, 0, 0, 0, 0});
  for (size_t n = 0; n < rating.size(); ++n) {
    const auto bin = static_cast<size_t>(std::ranges::upper_bound(bins, rating[n]) - bins.begin());
    PredictionSpread& spread = spreads[bin - 1];
    spread.lowest = std::min<double>(spread.lowest, rating[n]);
    spread.highest = std::max<double>(spread.highest, rating[n]);
    spread.mean += rating[n];
    predictions[bin - 1].push_back(model.predict(user[n], item[n]));
  }
  std::vector<PredictionSpread> out;
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    std::vector<float>& values = predictions[bin];
    if (values.empty()) continue;
    std::ranges::sort(values);
    PredictionSpread spread = spreads[bin];
    spread.rows = static_cast<int64_t>(values.size());
    spread.mean /= static_cast<double>(spread.rows);
    spread.low = quantile(values, 0.05);
    spread.first_quarter = quantile(values, 0.25);
    spread.median = quantile(values, 0.5);
    spread.third_quarter = quantile(values, 0.75);
    spread.high = quantile(values, 0.95);
    out.push_back(spread);
  }
  return out;
}

}  // namespace latent
