// Successive halving (Jamieson & Talwalkar, 2016): how many trials get how many passes.
#pragma once

#include <cstdint>
#include <vector>

#include "src/config/sweep_spec.h"

namespace latent {

/// One round of a sweep: its trials are trained to their part of the whole, then the best go on.
struct Rung {
  int64_t trials = 0;
  int64_t cut = 1;  ///< each trial is trained for 1 / cut of its passes; 1 in the last rung
};

/// The rungs of `plan`: one for grid and random. In halving a third of the trials goes on from each
/// (eta = 3), as long as three are left and the longest trial has three passes to divide.
std::vector<Rung> rungs_of(const SweepPlan& plan);

/// The passes of `config` (steps where it counts in steps); 0 for models that are not trained.
int64_t length_of(const RunConfig& config);

/// `config` for the part of its passes that a rung gives it, at least one. Nothing else differs.
RunConfig at_rung(RunConfig config, const Rung& rung);

}  // namespace latent
