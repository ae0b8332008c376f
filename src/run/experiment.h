// One config on one data set: the model, what trains it and what judges it.
#pragma once

#include <memory>
#include <optional>

#include "src/base/error.h"
#include "src/base/peers.h"
#include "src/run/evaluate.h"
#include "src/run/initial_rows.h"
#include "src/run/model_for_data.h"
#include "src/run/run_directory.h"
#include "src/train/trainer.h"

namespace latent {

/// What came of an experiment.
struct FitResult {
  nlohmann::ordered_json metrics;               ///< of "test", "valid" and "train", as metrics.json
  double fit_seconds = 0, test_seconds = 0;
};

class Experiment {
 public:
  /// Makes the model and its stepper, so that whatever cannot be trained is an Error before
  /// anything is written. `resumed`: a run to go on with from its newest checkpoint. `peers`: who
  /// train along, each with an Experiment of its own; the first one judges and writes.
  Experiment(const RunConfig& config, std::shared_ptr<const SplitDataset> data,
             const RunDirectory* resumed = nullptr, Peers& peers = alone());
  Experiment(const Experiment&) = delete;
  Experiment& operator=(const Experiment&) = delete;

  /// The step from which train() goes on.
  int64_t done() const;

  /// Trains the model, under train.refit a second time on train and valid. Log and checkpoints go
  /// to `run`; without one nothing is written. `quiet`: no progress on stderr, as without a run.
  void train(const RunDirectory* run, bool quiet = false);
  /// Metrics of the trained model on every part, and the training's own figures. `per_user`: takes
  /// those of each user of the test part; null: nobody does. Of several ranks all call it, each for
  /// its own users, and the first one's figures are those of all.
  FitResult evaluate(PerUserFigures* per_user = nullptr) const;
  /// After that, the fit of export.fit = all takes the model's place: on the rows of all parts, for
  /// as many passes as the tested one. Returns its figures, as metrics.json
  /// has them under "export".
  nlohmann::ordered_json train_on_all(const RunDirectory* run);

  /// Of several ranks: brings the rows of all tables to the first one.
  void collect_tables();

  /// Under model.init_from: what the model at hand took from the earlier one.
  const std::optional<InitialRows>& initial_rows() const { return initial_rows_; }

  /// Whether a warm start has seen rows of the test part.
  bool leaked() const { return leaked_; }

  const RunConfig& config() const { return config_; }
  const SplitDataset& data() const { return *data_; }
  const RecommenderImpl& model() const { return *model_; }
  const Evaluator& evaluator() const { return evaluator_; }
  /// Of what train() did; all zero for models that are not trained.
  const TrainSummary& summary() const { return summary_; }
  /// Steps that pass over the training rows once; 1 for models that are not trained.
  int64_t steps_per_pass() const { return stepper_ ? stepper_->steps_per_pass() : 1; }

 private:
  /// The fits of a run, each on more rows than the one before.
  enum class Stage { kFirst, kRefit, kFinal };

  static std::string folder_of(const RunDirectory& run, Stage stage);
  void prepare(Stage stage);
  /// A model without steps.
  void compute(Stage stage);
  void see_leak(bool seen_test);
  void require_negatives() const;
  std::optional<Monitor> make_monitor() const;
  int64_t steps() const;
  /// Steps of a fit on `rows` rows that pass over them as often as `done` steps over `before`.
  int64_t as_many_passes(int64_t done, int64_t before, int64_t rows) const;
  TrainSummary fit(const RunDirectory* run, Stage stage, int64_t steps);
  /// Goes on from the stage's newest checkpoint, if any.
  TrainSummary later_fit(const RunDirectory* run, Stage stage, int64_t steps);

  const RunConfig config_;
  const std::shared_ptr<const SplitDataset> data_;
  Peers& peers_;
  Evaluator evaluator_;
  bool leaked_ = false;
  // Of the fit at hand; each refers to those before it.
  std::optional<FittedRows> rows_;
  Recommender model_;
  std::optional<InitialRows> initial_rows_;
  std::unique_ptr<Stepper> stepper_;  // null: nothing to train
  std::optional<Monitor> monitor_;
  std::optional<UserItems> all_items_;    // of all parts
  std::optional<Checkpoint> checkpoint_;  // where the fit at hand goes on

  TrainSummary summary_;
  nlohmann::ordered_json first_valid_;  // under train.refit: figures of the first fit
  int64_t refit_steps_ = 0;
  double fit_seconds_ = 0;
  bool quiet_ = false;
};

/// Trains and tests `config` on `data`; log and checkpoints go to `run`, if any.
FitResult run_experiment(const RunConfig& config, std::shared_ptr<const SplitDataset> data,
                         const RunDirectory* run = nullptr);

/// fn(), with LibTorch's pages about a failed allocation turned into one line that names the knobs.
template <typename Fn>
auto with_memory_advice(const Fn& fn) {
  const std::string advice = "out of memory; lower model.factors or train.batch_size";
  try {
    return fn();
  } catch (const c10::OutOfMemoryError&) {
    throw Error("the device is " + advice + ", or set train.device = cpu");
  } catch (const c10::Error& e) {
    if (std::string(e.what()).find("alloc_cpu") == std::string::npos) throw;
    throw Error(advice);
  } catch (const std::bad_alloc&) {
    throw Error(advice);
  }
}

}  // namespace latent
