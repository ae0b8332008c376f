// What the knobs of model.name = mf come to where they are left to auto, and what must not be
// combined.
#pragma once

#include "src/config/complaints.h"
#include "src/config/options.h"

namespace latent {

/// Whether scores are cosines. mf.score auto: dot for mse, bce, bpr and hinge.
bool is_cosine(const MfOptions& options);

/// Whether the loss compares positives with negatives; directau does not.
bool has_negatives(const MfOptions& options);

/// mf.margin of hinge or ccl; mf.negative_weight of mse, bce or ccl.
double margin_of(const MfOptions& options);
double negative_weight_of(const MfOptions& options);

/// Whether one set of negatives serves the whole batch.
bool shares_negatives(const TrainOptions& options);

/// What is wrong between the knobs of model.name = mf.
Complaints wrong_mf(const RunConfig& config);

}  // namespace latent
