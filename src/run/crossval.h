// Cross-validation: the model of a config on each fold of its data. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "src/config/options.h"

namespace latent {

struct CrossvalRequest {
  RunConfig config;
  int64_t folds = 5;  ///< K: the rows are shuffled by split.seed and cut into K parts
  /// Pairs of training and test file instead.
  std::vector<std::pair<std::string, std::string>> files;
  int jobs = 1;  ///< folds trained at the same time
};

/// {"folds": [{metrics of the held-out rows..., "fit_seconds", "test_seconds"}, ...],
///  "mean": {...}, "sd": {...}}; sd is the folds' sample standard deviation (n - 1); null
/// for a single fold.
nlohmann::ordered_json cross_validate(const CrossvalRequest& request);

}  // namespace latent
