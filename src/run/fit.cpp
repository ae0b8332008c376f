#include "src/run/fit.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/parallel.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/run/solver_steps.h"
#include "src/run/tables_file.h"
#include "src/sampling/sampler.h"
#include "src/train/gradient_steps.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

bool solved(const RunConfig& config) {
  return model_info(config.model.name).trained == Trained::kBySolver;
}

/// By gradient, ranked against sampled negatives.
bool pairwise(const RunConfig& config) {
  return is_pairwise(model_info(config.model.name));
}

/// Where a batch is drawn while the last one is worked on (see GradientSteps), that is three times
/// the work or more.
int drawing_threads(const RunConfig& config) {
  const auto asked = static_cast<int>(config.train.threads);
  const int threads = asked > 0 ? asked : hardware_threads();
  return hardware_threads() > 2 ? std::max(1, threads / 4) : threads;
}

/// Everything that one fit works on; members refer to each other.
class Fit {
 public:
  Fit(Setup& setup, bool refit)
      : setup_(setup),
        rows_(setup.data, refit || setup.config.train.rows == "all",
              setup.config.train.rows == "all") {
    const RunConfig& config = setup.config;
    if (solved(config)) {
      stepper_ = make_solver(setup, rows_.get());
      samples_per_step_ = rows_.get().size();
      return;
    }
    if (pairwise(config))
      known_ = user_items(FittedRows(setup.data, refit, false).get(), setup.data.users.size());
    sampler_.emplace(rows_.get(),
                     SamplerOptions{config.train.batch_size, config.train.epochs == 0,
                                    static_cast<uint64_t>(config.train.seed), drawing_threads(config)},
                     pairwise(config) ? &known_ : nullptr, setup.data.items.size());
    steps_per_pass_ = sampler_->batches_per_epoch();
    samples_per_step_ = config.train.batch_size;
    stepper_ = std::make_unique<GradientSteps>(*setup.model, *sampler_, config.train, setup.device);
  }
  Fit(const Fit&) = delete;

  Stepper& stepper() { return *stepper_; }
  int64_t steps_per_pass() const { return steps_per_pass_; }
  int64_t samples_per_step() const { return samples_per_step_; }
  int64_t steps() const {
    const TrainOptions& train = setup_.config.train;
    return train.epochs > 0 ? train.epochs * steps_per_pass_ : train.steps;
  }

 private:
  Setup& setup_;
  FittedRows rows_;
  UserItems known_;
  std::optional<Sampler> sampler_;
  std::unique_ptr<Stepper> stepper_;
  int64_t steps_per_pass_ = 1, samples_per_step_ = 0;
};

std::optional<Monitor> monitor_of(const Setup& setup, const Evaluator& evaluator,
                                  int64_t steps_per_pass) {
  const TrainOptions& train = setup.config.train;
  if (train.patience == 0) return std::nullopt;
  if (setup.data.parts.valid.size() == 0)
    throw Error("train.patience needs a validation part; set split.valid, or train.patience to 0");
  Monitor monitor;
  monitor.name = evaluator.monitor_name();
  monitor.higher_is_better = Evaluator::higher_is_better(monitor.name);
  monitor.every = train.eval_every > 0 ? train.eval_every : steps_per_pass;
  monitor.patience = train.patience;
  monitor.measure = [&setup, &evaluator, name = monitor.name] {
    return evaluator.monitored(setup.view().view(), name);
  };
  return monitor;
}

/// Trains setup.model on one choice of rows, writing log and checkpoints into `run`. `refit_steps`
/// above 0: the second fit.
TrainSummary fit(Setup& setup, const Evaluator& evaluator, const RunDirectory* run,
                 int64_t refit_steps) {
  const RunConfig& config = setup.config;
  const bool refit = refit_steps > 0;
  const auto checkpoint =
      run == nullptr
          ? std::nullopt
          : CheckpointFolder(refit ? run->refit_checkpoints() : run->checkpoints()).newest();
  if (!config.model.init_path.empty() && !checkpoint) read_initial_tables(setup);
  Fit work(setup, refit);
  TrainJob job{*setup.model, work.stepper(), refit ? refit_steps : work.steps()};
  job.unit = solved(config) ? "epoch" : "step";
  job.samples_per_step = work.samples_per_step();
  if (!refit) job.monitor = monitor_of(setup, evaluator, work.steps_per_pass());
  job.quiet = run == nullptr;
  if (run == nullptr) return train(job, std::nullopt);

  const CheckpointFolder checkpoints(refit ? run->refit_checkpoints() : run->checkpoints());
  std::FILE* const log = std::fopen(run->log().c_str(), "a");
  if (log == nullptr) throw errno_error(run->log(), "cannot write");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closer(log, &std::fclose);
  // A kill must not take lines of steps that a checkpoint holds.
  std::setvbuf(log, nullptr, _IOLBF, 1 << 12);
  job.log = [&](ordered_json line) {
    if (refit) line["refit"] = true;
    std::fprintf(log, "%s\n", line.dump().c_str());
  };
  job.checkpoint_every = config.checkpoint.every;
  job.checkpoints = &checkpoints;
  job.resume_command = [&] { return "latent train --resume " + run->path(); };
  return train(job, checkpoint);
}

}  // namespace

void check_trainable(const Setup& setup, const Evaluator& evaluator) {
  const RunConfig& config = setup.config;
  const Interactions& train = setup.data.parts.train;
  if (pairwise(config)) {
    const UserItems known = user_items(FittedRows(setup.data, config.train.refit, false).get(),
                                       setup.data.users.size());
    const Split& parts = setup.data.parts;
    for (const Interactions* part : {&parts.train, &parts.valid, &parts.test}) {
      if (part == &parts.test && config.train.rows != "all") continue;
      const int32_t full = first_user_with_every_item(*part, known, setup.data.items.size());
      if (full < 0) continue;
      throw Error("user " + in_quotes(std::string(setup.data.users.name(full))) +
                  " has every item in training, so no negative exists; drop that user, or keep "
                  "more items (data.min_item, data.positive_at_least)");
    }
  }
  refuse(wrong_combinations(config));
  const int64_t batch = config.train.batch_size;
  monitor_of(setup, evaluator, solved(config) ? 1 : (train.size() + batch - 1) / batch);
}

ordered_json train_figures(const TrainSummary& summary) {
  ordered_json out = {{"seconds", summary.seconds}, {"steps", summary.steps}};
  if (summary.steps == 0) return out;
  out["objective"] = summary.objective;
  if (summary.figures.is_object()) out.update(summary.figures);
  if (summary.seconds > 0)
    out["samples_per_second"] =
        static_cast<double>(summary.steps * summary.samples_per_step) / summary.seconds;
  if (summary.best_step >= 0) {
    out["best_step"] = summary.best_step;
    out["stopped_early"] = summary.stopped_early;
  }
  return out;
}

TrainSummary train_model(Setup& setup, const Evaluator& evaluator, const RunDirectory* run,
                         ordered_json& metrics) {
  const RunConfig& config = setup.config;
  if (model_info(config.model.name).trained == Trained::kNot) return {};
  TrainSummary summary = fit(setup, evaluator, run, 0);
  if (!config.train.refit) return summary;
  metrics["valid"] = evaluator.evaluate(setup.view().view(), "valid");
  if (config.train.rows != "all")
    metrics["valid"].erase("leaked");  // this fit has not seen it, the second will
  const FittedRows all(setup.data, true, false);
  // As many passes: more rows take more steps, but a solver's step is a pass already.
  const double more = solved(config) ? 1
                                     : static_cast<double>(all.get().size()) /
                                           static_cast<double>(setup.data.parts.train.size());
  setup.new_model(all.get());
  if (run != nullptr) std::filesystem::create_directories(run->refit_checkpoints());
  const TrainSummary second =
      fit(setup, evaluator, run,
          std::max<int64_t>(1, std::llround(more * static_cast<double>(summary.best_step))));
  metrics["refit_steps"] = second.steps;
  summary.seconds += second.seconds;
  summary.steps += second.steps;
  summary.objective = second.objective;
  summary.figures = second.figures;
  return summary;
}

}  // namespace latent
