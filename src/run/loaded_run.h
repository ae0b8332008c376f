// A saved run in memory again: config, data and model.
#pragma once

#include <string>
#include <vector>

#include "models/recommender.h"
#include "src/run/fit.h"
#include "src/run/model_for_data.h"
#include "src/run/run_directory.h"
#include "src/data/split.h"

namespace latent {

/// A run's config and data, and the model that they ask for, with undefined tables.
struct LoadedRun {
  /// `sets`: key=value over the run's own knobs. Throws Error for a wrong one, and for data that
  /// cannot be read.
  LoadedRun(const RunDirectory& run, const std::vector<std::string>& sets, Fit fit);

  /// Weights of the fit, the best ones under early stopping. Throws Error without a checkpoint.
  /// Models without steps have none: they are computed again, to the same bits, and data that has
  /// changed since is an Error.
  void load_weights(const RunDirectory& run);

  RunConfig config;
  SplitDataset data;
  Recommender model;
  bool is_final;  ///< whether the fit is a later one, on all rows

 private:
  FittedRows fitted_rows() const;
  void compute(const RunDirectory& run);
};

}  // namespace latent
