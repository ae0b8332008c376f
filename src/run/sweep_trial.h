// One fit of a sweep: a trial's model, trained to the end of a rung and judged.
#pragma once

#include <memory>
#include <string>

#include "src/config/sweep_rungs.h"
#include "src/data/split.h"
#include "src/run/sweep_store.h"

namespace latent {

struct TrialRequest {
  RunConfig config;    ///< whole: the seed is in it, and the threads
  Rung rung;           ///< how far it is trained
  std::string folder;  ///< its run directory; one that is there goes on
  std::string metric;  ///< what it is judged by
};

/// Trains on the training part and judges on the validation part of `data`, which holds no test
/// part. Going on from the folder's newest checkpoint, it comes to the same bits. What fails for
/// this trial alone is in the result; throws SystemError, and Interrupted once a checkpoint is
/// written.
TrialFit fit_trial(const TrialRequest& request, std::shared_ptr<const SplitDataset> data);

}  // namespace latent
