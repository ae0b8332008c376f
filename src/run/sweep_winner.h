// The end of a sweep: its best trial, fitted on train and valid and tested once.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/data/split.h"
#include "src/run/sweep_table.h"

namespace latent {

struct WinnerRequest {
  const SweepPlan& plan;
  const SweepRow& row;  ///< the winner
  const TrialFits& fits;
  std::string directory;  ///< of the sweep
};

/// The config of the winner's run with its first seed: the trial's, for as many passes as its
/// weights took on the mean over its seeds (the best ones under early stopping). `train_rows` and
/// `valid_rows` are those of the trials.
RunConfig winner_config(const WinnerRequest& request, int64_t train_rows, int64_t valid_rows);

/// Trains and tests D/winner, D/winner-seed1, ... as `latent train` would; those that are finished
/// stay as they are. `data`: the trials'. {"trial", "tuned", "runs", "test"}.
nlohmann::ordered_json run_winner(const WinnerRequest& request, const SplitDataset& data,
                                  SweepStore& store);

}  // namespace latent
