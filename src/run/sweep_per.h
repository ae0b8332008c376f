// Several sweeps side by side, one for each value of a knob. Free of torch.
#pragma once

#include <string>
#include <vector>

#include "src/config/sweep_groups.h"
#include "src/run/sweep.h"

namespace latent {

/// Runs each group in `directory`/NAME, as a sweep of its own, or goes on with it; those that are
/// finished stay as they are. Writes sweep.csv: their winners.
SweepReport run_groups(const std::vector<SweepGroup>& groups, const SweepRequest& request,
                       const std::string& directory);

}  // namespace latent
