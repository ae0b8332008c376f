#include "src/config/auto_values.h"

#include <algorithm>
#include <cmath>

namespace latent {

namespace {

// Of ratings from 1 to 5: what suits MovieLens 100k and 200,000 ratings of Goodreads.
constexpr double kRowsOfUserBias = 2, kRowsOfItemBias = 4, kRowsOfFactors = 8;

constexpr int64_t kFewestRows = 1000;  // of which a tenth tells one pass from another

}  // namespace

GroupPenalties group_penalties(const TrainOptions& train, int64_t rows) {
  const auto of = [&](const std::optional<double>& own, double in_rows) {
    const double all = in_rows / static_cast<double>(std::max<int64_t>(rows, 1));
    return own.value_or(train.lambda.value.value_or(all));
  };
  return {of(train.lambda_user_bias, kRowsOfUserBias), of(train.lambda_item_bias, kRowsOfItemBias),
          of(train.lambda_factors, kRowsOfFactors)};
}

double valid_share_of(const SplitOptions& split, int64_t rows) {
  return !split.valid.value && rows < kFewestRows ? 0 : split.valid_share();
}

IalsConstants ials_constants(const IalsOptions& options, const PairCounts& counts) {
  const double all = static_cast<double>(counts.users) * static_cast<double>(counts.items);
  const auto pairs = static_cast<double>(std::max<int64_t>(counts.pairs, 1));
  const double density = pairs / std::max(all, 1.0);
  const double heavier = 2.2 * std::pow(density, -0.25);
  const double reg = options.form == "implicit" ? 0.01 : 0.075 / (1 + heavier);
  return {options.alpha0.value.value_or(heavier * density), options.reg.value.value_or(reg)};
}

}  // namespace latent
