// Solvers as the training loop's steps: their working copies, and what a checkpoint needs of them.
#pragma once

#include <memory>

#include "src/data/interactions.h"
#include "src/run/setup.h"
#include "src/train/stepper.h"

namespace latent {

/// The solver of setup.config.model.name, a pass over `rows` a step. Keeps references.
std::unique_ptr<Stepper> make_solver(Setup& setup, const Interactions& rows);

std::unique_ptr<Stepper> make_baseline_solver(Setup& setup, const Interactions& rows);
std::unique_ptr<Stepper> make_svd_solver(Setup& setup, const Interactions& rows);
std::unique_ptr<Stepper> make_bpr_solver(Setup& setup, const Interactions& rows);
std::unique_ptr<Stepper> make_ials_solver(Setup& setup, const Interactions& rows);

/// "lower train.lr (now 0.1)".
std::string lower_rate(const RunConfig& config);

}  // namespace latent
