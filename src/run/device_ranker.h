// Ranks whole blocks of users by LibTorch's operators: on a GPU.
#pragma once

#include <memory>

#include "src/config/options.h"
#include "src/metrics/ranked_rows.h"
#include "src/score/factor_view.h"

namespace latent {

/// A ranker on the device that train.device names, with tables of its own. Null: the model is none
/// of factors, or that device is the processor or absent. `users_at_once`: 0: what fits its memory.
std::unique_ptr<RowRanker> device_ranker(const FactorView& model, const RunConfig& config,
                                         int64_t users_at_once = 0);

}  // namespace latent
