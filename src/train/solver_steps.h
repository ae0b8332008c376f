// Solvers as the training loop's steps: their working copies, and what a checkpoint needs of them.
#pragma once

#include <memory>
#include <string>

#include "src/train/stepper.h"

namespace latent {

// A pass over the rows a step.
std::unique_ptr<Stepper> make_baseline_solver(const FitContext& fit);
std::unique_ptr<Stepper> make_svd_solver(const FitContext& fit);
std::unique_ptr<Stepper> make_bpr_solver(const FitContext& fit);
std::unique_ptr<Stepper> make_ials_solver(const FitContext& fit);
std::unique_ptr<Stepper> make_svdpp_solver(const FitContext& fit);
std::unique_ptr<Stepper> make_bayesian_mf_solver(const FitContext& fit);
std::unique_ptr<Stepper> make_elsa_solver(const FitContext& fit);

/// "lower train.lr (now 0.1)".
std::string lower_rate(const TrainOptions& options);

}  // namespace latent
