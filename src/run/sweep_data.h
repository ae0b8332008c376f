// The data of a sweep: what its trials see, and what its winner is fitted and tested on.
#pragma once

#include <memory>
#include <string>

#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// The data of `config` without its test part, for all trials. Throws Error where nothing is left
/// for validation.
std::shared_ptr<const SplitDataset> load_without_test(const RunConfig& config);

/// Changes `config` so that its training part is train and valid together, with the same test part.
/// Where the validation part is a file, the joined rows are written into `folder`.
void join_train_and_valid(RunConfig& config, const std::string& folder);

}  // namespace latent
