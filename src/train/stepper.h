// What the training loop repeats: one step of an optimizer, or one pass of a solver.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/train/checkpoint.h"

namespace latent {

struct StepReport {
  double objective = 0;
  nlohmann::ordered_json figures;  ///< more for the log and metrics.json
  std::string note;                ///< for the progress line; empty: the objective
  bool measured = true;            ///< false: the objective was left on the device
};

class Stepper {
 public:
  virtual ~Stepper() = default;

  /// Before the first step of a training that does not go on from a checkpoint.
  virtual void start() {}
  /// Step number `done`, from 0.
  virtual StepReport step(int64_t done) = 0;
  /// Brings the module's tables up to date, where steps work on copies.
  virtual void sync() {}

  /// What a checkpoint holds beside the module's tables, which it has already (and has put back
  /// when restore() is called).
  virtual void save(Checkpoint&) const {}
  virtual void restore(const Checkpoint&) {}

  /// What to do when figures are not finite: "lower train.lr (now 0.1)".
  virtual std::string remedy() const = 0;
};

}  // namespace latent
