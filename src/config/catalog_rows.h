// Rows of the catalogue that have files of their own.
#pragma once

#include <vector>

#include "src/config/catalog.h"

namespace latent {

/// `reads`: what any model that is trained by gradient reads.
ModelInfo mf_model(std::vector<ReadKnob> reads);

/// What other models should beat.
std::vector<ModelInfo> simple_models();

}  // namespace latent
