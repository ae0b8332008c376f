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
/// fixed number of rows, however many there are: the loss is a mean over `rows` rows. A ranking's
/// rows say less of a parameter than ratings do, and its penalties are smaller.
GroupPenalties group_penalties(const TrainOptions& train, int64_t rows, bool ranking = false);

/// train.batch_size; auto: a fiftieth of `rows`, from 2,000 to 50,000. A step costs a pass over all
/// parameters beside its samples: on large data small steps would be mostly that.
int64_t batch_size_of(const TrainOptions& train, int64_t rows);

/// Whether train.order is blocks; auto: where split.kind is by_row.
bool in_blocks(const RunConfig& config);

/// mf.tau; auto: of cosines .42 density^.23, a line through what BSL's and SL@K's code has for
/// MovieLens, Yelp and check-ins and what tuning chose here; of dot products 1.
double tau_of(const MfOptions& options, const PairCounts& counts);

/// The share of `rows` rows, before any part is cut from them, that is for validation. split.valid
/// auto: none of fewer than 1,000 rows.
double valid_share_of(const SplitOptions& split, int64_t rows);

struct IalsConstants {
  double alpha0, reg;
};

/// ials.alpha0 and ials.reg, from the counts where they are auto: lines through what tuning chose
/// on MovieLens 100k and 1M, Last.fm, goodbooks-10k and a set of check-ins. All pairs together are
/// (items / 280)^(2/3) times as heavy as a user's observed ones. A user's penalty, reg (count +
/// alpha0 items), is .05 times their count, and .9 over the mean count of an item more (rarer
/// items want more of it), and reg at most .02. The form "implicit" has another scale: its reg is
/// .01, that package's own.
IalsConstants ials_constants(const IalsOptions& options, const PairCounts& counts);

}  // namespace latent
