// The trials of a sweep as a journal that Optuna's JournalFileBackend reads.
#pragma once

#include <string>

#include "src/config/sweep_rungs.h"
#include "src/run/sweep_store.h"
#include "src/run/sweep_table.h"

namespace latent {

/// The study "latent", a line for each record. A trial's number is that of the sweep. Those that
/// finished are COMPLETE with the mean over their seeds, those that halving stopped PRUNED, failed
/// ones FAIL; the metric at the end of each rung is an intermediate value.
std::string optuna_journal(const SweepPlan& plan, const std::vector<SweepRow>& rows,
                           const TrialFits& fits, bool higher_is_better);

}  // namespace latent
