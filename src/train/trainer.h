// The training loop: draw, step, watch, keep.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "models/recommender.h"
#include "src/base/peers.h"
#include "src/train/checkpoint.h"
#include "src/train/stepper.h"

namespace latent {

/// A validation metric to stop by.
struct Monitor {
  std::string name;
  bool higher_is_better = false;
  int64_t every = 1;     ///< steps between validations
  int64_t patience = 0;  ///< validations without improvement before stopping
  std::function<double()> measure;
};

struct TrainJob {
  RecommenderImpl& model;
  Stepper& stepper;
  int64_t steps;
  std::string unit = "step";  ///< what a step is to people: "step" or "epoch"
  int64_t samples_per_step = 0;   ///< for TrainSummary
  bool quiet = false;             ///< no progress on stderr
  int64_t checkpoint_every = 0;   ///< steps; 0: none by steps
  double checkpoint_seconds = 0;  ///< since the last one; 0: none by time
  const CheckpointFolder* checkpoints = nullptr;  ///< null: none are written
  std::optional<Monitor> monitor = {};
  std::function<void(const nlohmann::ordered_json&)> log = {};  ///< a line a step
  std::function<std::string()> resume_command = {};  ///< for the message after an interrupt
  std::function<double()> clock = {};                ///< seconds, steadily; empty: the machine's
  /// Who trains along. The first rank decides, measures and writes; all call train().
  Peers& peers = alone();
};

struct TrainSummary {
  int64_t steps = 0;       ///< done, over all resumed parts
  int64_t best_step = -1;  ///< of the weights kept, under early stopping
  double seconds = 0;      ///< first sample drawn to last update
  double objective = 0;    ///< of the last step
  bool stopped_early = false;
  nlohmann::ordered_json figures;  ///< StepReport's, of the last step
  int64_t samples_per_step = 0;
};

/// Trains `job.model` in place, going on from `from` when given; best weights are put back under
/// early stopping. Of several ranks each then has its own users' rows and all of the rest. Throws
/// Error for a non-finite objective, Interrupted after SIGINT or SIGTERM
/// with a checkpoint written.
TrainSummary train(const TrainJob& job, const std::optional<Checkpoint>& from);

/// The device that train.device asks for; Error when it is not there.
torch::Device resolve_device(const std::string& name);

}  // namespace latent
