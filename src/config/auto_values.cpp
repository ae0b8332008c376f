#include "src/config/auto_values.h"

#include <algorithm>
#include <cmath>

#include "src/config/mf_settings.h"

namespace latent {

namespace {

// Of ratings from 1 to 5: what suits MovieLens 100k and 200,000 ratings of Goodreads.
constexpr GroupPenalties kRowsOfRatings = {2, 12, 14};
// Of bpr: MovieLens 100k and Last.fm.
constexpr GroupPenalties kRowsOfRankings = {1, 1, 0.8};

/// Above 0, at most 1 (of rows that repeat pairs there may be more).
double density_of(const PairCounts& counts) {
  const double all = static_cast<double>(counts.users) * static_cast<double>(counts.items);
  const auto pairs = static_cast<double>(std::max<int64_t>(counts.pairs, 1));
  return std::min(pairs / std::max(all, 1.0), 1.0);
}

constexpr int64_t kFewestRows = 1000;  // of which a tenth tells one pass from another

}  // namespace

GroupPenalties group_penalties(const TrainOptions& train, int64_t rows, bool ranking) {
  const GroupPenalties& weights = ranking ? kRowsOfRankings : kRowsOfRatings;
  const auto of = [&](const std::optional<double>& own, double in_rows) {
    const double all = in_rows / static_cast<double>(std::max<int64_t>(rows, 1));
    return own.value_or(train.lambda.value.value_or(all));
  };
  return {of(train.lambda_user_bias, weights.user_bias),
          of(train.lambda_item_bias, weights.item_bias), of(train.lambda_factors, weights.factors)};
}

int64_t batch_size_of(const TrainOptions& train, int64_t rows) {
  constexpr int64_t kSteps = 50, kFewest = 2000, kMost = 50000;  // of a pass; samples of a step
  return train.batch_size.value.value_or(std::clamp(rows / kSteps, kFewest, kMost));
}

bool in_blocks(const RunConfig& config) {
  const std::string& order = config.train.order;
  return order == "blocks" || (order == "auto" && config.split.kind == "by_row");
}

double tau_of(const MfOptions& options, const PairCounts& counts) {
  if (options.tau.value) return *options.tau.value;
  return is_cosine(options) ? 0.42 * std::pow(density_of(counts), 0.23) : 1;
}

double valid_share_of(const SplitOptions& split, int64_t rows) {
  return !split.valid.value && rows < kFewestRows ? 0 : split.valid_share();
}

IalsConstants ials_constants(const IalsOptions& options, const PairCounts& counts) {
  const auto items = static_cast<double>(std::max<int64_t>(counts.items, 1)),
             pairs = static_cast<double>(std::max<int64_t>(counts.pairs, 1));
  const double heavier = std::pow(items / 280, 2.0 / 3);
  constexpr double kMost = 0.02;  // of a handful of pairs
  const double of_count = 0.05 + 0.9 * items / pairs;
  const double reg =
      options.form == "implicit" ? 0.01 : std::min(of_count / (1 + heavier), kMost);
  return {options.alpha0.value.value_or(heavier * density_of(counts)),
          options.reg.value.value_or(reg)};
}

}  // namespace latent
