// What the training loop repeats: one step of an optimizer, or one pass of a solver.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "models/recommender.h"
#include "src/base/peers.h"
#include "src/config/options.h"
#include "src/data/interactions.h"
#include "src/score/user_items.h"
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
  /// Step number `done`, from 0. `last`: none follows.
  virtual StepReport step(int64_t done, bool last) = 0;
  /// Brings the module's tables up to date, where steps work on copies.
  virtual void sync() {}

  /// Of several ranks: whose rows of one of the module's parameters are right where; not shared:
  /// all of them are, everywhere.
  virtual OwnedRows owners(const torch::Tensor&) const { return {}; }
  /// Who ranks which users.
  virtual OwnedRows users() const { return {}; }
  /// Brings the rows that other ranks have to the first one.
  virtual void collect() {}
  /// Brings the items' rows that other ranks have to all: with its own users, a rank can rank.
  virtual void gather_items() {}

  /// Steps that pass over the rows once.
  virtual int64_t steps_per_pass() const { return 1; }
  virtual int64_t samples_per_step() const = 0;

  /// What a checkpoint holds beside the module's tables, which it has already (and has put back
  /// when restore() is called).
  virtual void save(Checkpoint&) const {}
  /// Brings the parts of it that other ranks have to the first one.
  virtual void collect_state() {}
  virtual void restore(const Checkpoint&) {}

  /// What to do when figures are not finite: "lower train.lr (now 0.1)".
  virtual std::string remedy() const = 0;
};

/// What a stepper works on; all of it outlives the stepper.
struct FitContext {
  const RunConfig& config;
  RecommenderImpl& model;
  const Interactions& rows;
  const UserItems* known;  ///< items that are no negatives of a user; null for models without any
  torch::Device device;
  Peers& peers = alone();  ///< who trains along

  int32_t users() const { return static_cast<int32_t>(model.spec().users); }
  int32_t items() const { return static_cast<int32_t>(model.spec().items); }
};

/// The optimizer's steps or the solver of config.model.name.
std::unique_ptr<Stepper> make_stepper(const FitContext& context);

}  // namespace latent
