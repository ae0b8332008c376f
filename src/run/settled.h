// What a config comes to once its data is there.
#pragma once

#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// The config as its run keeps it: without early stopping where split.valid is auto and the rows
/// are too few for that part; of rows on disk with the split.kind and train.order that they had.
/// `resumed`: a run that has begun with the config, so that an order it did not name stays.
RunConfig settled(const RunConfig& config, const SplitDataset& data, bool resumed);

}  // namespace latent
