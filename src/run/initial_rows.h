// A warm start with other data: rows of an earlier model by id.
#pragma once

#include <string>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// How many users and items of the data got their rows from the earlier model.
struct InitialRows {
  int32_t users = 0, items = 0;
  bool seen_test = false;  ///< whether the earlier model was trained on rows of the test part

  /// "took 95 of 100 users ... from runs/old; the others start fresh", for `config` and `data`.
  std::string text(const RunConfig& config, const SplitDataset& data) const;
};

/// Copies from the model that model.init_from names (a run or its model.pt) the rows of all ids
/// that it shares with `data`, and its mean where the mean is one of the tables that training
/// moves; all else in `model` stays. Throws Error for another number of factors, other tables, and
/// no id in common.
InitialRows take_initial_rows(const RunConfig& config, const SplitDataset& data,
                              RecommenderImpl& model);

}  // namespace latent
