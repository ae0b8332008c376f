#include "src/train/stepper.h"

#include <stdexcept>

#include "src/config/catalog.h"
#include "src/train/gradient_steps.h"
#include "src/train/solver_steps.h"

namespace latent {

namespace {

struct SolverMaker {
  const char* model;
  std::unique_ptr<Stepper> (*make)(const FitContext&);
};

constexpr SolverMaker kSolvers[] = {
    {"baseline", make_baseline_solver},
    {"svd", make_svd_solver},
    {"implicit_bpr", make_bpr_solver},
    {"ials", make_ials_solver},
    {"svdpp", make_svdpp_solver},
    {"bayesian_mf", make_bayesian_mf_solver},
    {"elsa", make_elsa_solver},
};

}  // namespace

std::unique_ptr<Stepper> make_stepper(const FitContext& fit) {
  const std::string& name = fit.config.model.name;
  if (model_info(name).trained == Trained::kByGradient)
    return std::make_unique<GradientSteps>(fit);
  for (const SolverMaker& row : kSolvers) {
    if (name == row.model) return row.make(fit);
  }
  throw std::logic_error("no solver for model '" + name + "'");
}

}  // namespace latent
