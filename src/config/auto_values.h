// What a knob of the value "auto" comes to.
#pragma once

#include <cstdint>

#include "src/config/options.h"

namespace latent {

/// What a model is trained on.
struct PairCounts {
  int64_t users = 0, items = 0, pairs = 0;  ///< different pairs
};

/// Weights of the squares of a gradient model's groups of parameters.
struct GroupPenalties {
  double user_bias, item_bias, factors;
};

/// train.lambda_*, else train.lambda. Where that is auto, a squared parameter weighs as much as a
/// fixed number of rows, however many there are: the loss is a mean over `rows` rows.
GroupPenalties group_penalties(const TrainOptions& train, int64_t rows);

/// The share of `rows` rows, before any part is cut from them, that is for validation. split.valid
/// auto: none of fewer than 1,000 rows.
double valid_share_of(const SplitOptions& split, int64_t rows);

struct IalsConstants {
  double alpha0, reg;
};

/// ials.alpha0 and ials.reg, from the counts where they are auto. With density d = pairs / (users
/// items), 2.2 d^.75 makes all pairs together 2.2 d^-.25 times as heavy as a user's observed ones
/// (5 to 14 times on usual data), and .075 / (1 + 2.2 d^-.25) a user's penalty .075 times their
/// number of items: a line through what tuning chose on MovieLens 1M, goodbooks-10k and a set of
/// check-ins. The form "implicit" has another scale: its reg is .01, that package's own.
IalsConstants ials_constants(const IalsOptions& options, const PairCounts& counts);

}  // namespace latent
