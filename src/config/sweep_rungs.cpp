#include "src/config/sweep_rungs.h"

#include <algorithm>

#include "src/config/catalog.h"

namespace latent {

namespace {

constexpr int64_t kEta = 3;
constexpr int64_t kFinalists = 3;  // as few as may be left

}  // namespace

std::vector<Rung> rungs_of(const SweepPlan& plan) {
  const auto trials = static_cast<int64_t>(plan.trials.size());
  int64_t cut = 1;
  if (plan.spec.search == "halving") {
    int64_t longest = 0;
    for (const SweepTrial& trial : plan.trials)
      longest = std::max(longest, length_of(trial.config));
    while (trials / (cut * kEta) >= kFinalists && longest >= cut * kEta) cut *= kEta;
  }
  std::vector<Rung> rungs;
  for (int64_t left = trials; cut >= 1; cut /= kEta, left /= kEta) rungs.push_back({left, cut});
  return rungs;
}

int64_t length_of(const RunConfig& config) {
  if (!has_steps(model_info(config.model.name))) return 0;
  return config.train.epochs > 0 ? config.train.epochs : config.train.steps;
}

RunConfig at_rung(RunConfig config, const Rung& rung) {
  int64_t& length = config.train.epochs > 0 ? config.train.epochs : config.train.steps;
  length = std::max<int64_t>(1, (length + rung.cut / 2) / rung.cut);
  return config;
}

}  // namespace latent
