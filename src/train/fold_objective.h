// Each model's objective as one user's, the items fixed: what exported files say for new users.
#pragma once

#include "src/config/options.h"
#include "src/data/interactions.h"
#include "src/formats/fold_in_spec.h"

namespace latent {

/// For `config.model.name`, fitted to `rows` of so many users and items; kNone for a model without
/// factors.
FoldInSpec fold_objective(const RunConfig& config, const Interactions& rows, int32_t users,
                          int32_t items);

}  // namespace latent
