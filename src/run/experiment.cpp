#include "src/run/experiment.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "src/base/memory.h"
#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/config/memory_needed.h"
#include "src/config/mf_settings.h"
#include "src/export/tables_file.h"
#include "src/run/run_log.h"
#include "src/run/saved_run.h"
#include "src/run/settled.h"
#include "src/run/warm_start.h"
#include "src/sampling/sampler.h"
#include "src/train/at_once.h"
#include "src/train/module_view.h"
#include "src/train/solver_steps.h"

namespace latent {

namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool solved(const RunConfig& config) {
  return model_info(config.model.name).trained == Trained::kBySolver;
}

/// By gradient, ranked against sampled negatives.
bool pairwise(const RunConfig& config) {
  return is_pairwise(model_info(config.model.name));
}

/// Each positive has negatives of its own, which its user must not know.
bool draws_each(const RunConfig& config) {
  if (model_info(config.model.name).negatives != Negatives::kMany) return true;
  return has_negatives(config.mf) && !shares_negatives(config.train);
}

/// The summary as metrics.json holds it.
ordered_json train_figures(const TrainSummary& summary) {
  ordered_json out = {{"seconds", summary.seconds}, {"steps", summary.steps}};
  if (summary.steps == 0) return out;
  out["objective"] = summary.objective;
  // By name, as a checkpoint hands them on.
  if (summary.figures.is_object()) out.update(ordered_json(nlohmann::json(summary.figures)));
  if (summary.seconds > 0)
    out["samples_per_second"] =
        static_cast<double>(summary.steps * summary.samples_per_step) / summary.seconds;
  if (summary.best_step >= 0) {
    out["best_step"] = summary.best_step;
    out["stopped_early"] = summary.stopped_early;
  }
  return out;
}

}  // namespace

Experiment::Experiment(const RunConfig& config, std::shared_ptr<const SplitDataset> data,
                       const RunDirectory* resumed, Peers& peers)
    : config_(settled(config, *data, resumed != nullptr)),
      data_(std::move(data)),
      peers_(peers),
      evaluator_(*data_, config_) {
  const auto start = Clock::now();
  use_threads(config_);
  refuse(wrong_combinations(config_));
  const Split& parts = data_->parts;
  if (device_of(config_).is_cpu())
    require_memory(config_, data_->users.size(), data_->items.size(),
                   parts.train.size() + parts.valid.size() + parts.test.size(),
                   available_memory());
  if (resumed != nullptr && saved_provenance(*resumed).value("leaked", false)) see_leak(true);
  if (resumed != nullptr) checkpoint_ = CheckpointFolder(resumed->checkpoints()).newest();
  if (pairwise(config_) && draws_each(config_)) require_negatives();
  evaluator_.require_other_pairs();
  prepare(Stage::kFirst);
  if (stepper_ && done() > steps())
    throw Error((config_.train.epochs > 0 ? "train.epochs" : "train.steps") +
                std::string(" ends the training after step ") + std::to_string(steps()) +
                ", and the run has come to step " + std::to_string(done()) +
                "; give as much or more");
  monitor_ = make_monitor();
  fit_seconds_ = since(start);
}

int64_t Experiment::done() const {
  return checkpoint_ ? checkpoint_->state.at("step").get<int64_t>() : 0;
}

void Experiment::prepare(Stage stage) {
  const bool all = config_.train.rows == "all" || stage == Stage::kFinal;
  const bool refit = stage == Stage::kRefit;
  stepper_.reset();
  rows_.emplace(*data_, refit || all, all);
  const bool final = stage == Stage::kFinal;
  model_ = make_model_for(config_, *data_, FittedRows(*data_, refit || final, final).get());
  if (!has_steps(model_info(config_.model.name))) return compute(stage);
  if (!config_.model.init_path.empty() && !checkpoint_)
    see_leak(has_seen_test(read_initial_tables(config_, *data_, *model_), *data_,
                           config_.model.init_path));
  if (!config_.model.init_from.empty() && !checkpoint_)
    initial_rows_ = take_initial_rows(config_, *data_, *model_);
  if (initial_rows_ && initial_rows_->seen_test) see_leak(true);
  if (final && pairwise(config_) && !all_items_)
    all_items_ =
        merged(evaluator_.seen_items(), user_items(data_->parts.test, data_->users.size()));
  const UserItems* const known = !pairwise(config_) ? nullptr
                                 : final            ? &*all_items_
                                 : refit            ? &evaluator_.seen_items()
                                                    : &evaluator_.train_items();
  stepper_ = make_stepper({config_, *model_, rows_->get(), known, device_of(config_), peers_});
  evaluator_.share(stepper_->users());
}

void Experiment::compute(Stage stage) {
  if (model_info(config_.model.name).trained == Trained::kNot) return;
  const auto start = Clock::now();
  fit_at_once({config_, *model_, rows_->get(), /*known=*/nullptr, torch::kCPU});
  if (stage == Stage::kFirst) summary_.seconds = since(start);
}

void Experiment::see_leak(bool seen_test) {
  leaked_ = leaked_ || seen_test;
  evaluator_.set_leaked(leaked_);
}

void Experiment::require_negatives() const {
  const UserItems& known =
      config_.train.refit ? evaluator_.seen_items() : evaluator_.train_items();
  const Split& parts = data_->parts;
  for (const Interactions* part : {&parts.train, &parts.valid, &parts.test}) {
    if (part == &parts.test && config_.train.rows != "all") continue;
    const int32_t full = first_user_with_every_item(*part, known, data_->items.size());
    if (full < 0) continue;
    throw Error("user " + in_quotes(std::string(data_->users.name(full))) +
                " has every item in training, so no negative exists; drop that user, or keep "
                "more items (data.min_item, data.positive_at_least)");
  }
}

std::optional<Monitor> Experiment::make_monitor() const {
  const TrainOptions& train = config_.train;
  if (train.patience == 0) return std::nullopt;
  if (data_->parts.valid.size() == 0)
    throw Error("train.patience needs a validation part; set split.valid, or train.patience to 0");
  Monitor monitor;
  monitor.name = evaluator_.monitor_name();
  if (stepper_ == nullptr) return std::nullopt;
  monitor.higher_is_better = Evaluator::higher_is_better(monitor.name);
  monitor.every = train.eval_every > 0 ? train.eval_every : stepper_->steps_per_pass();
  monitor.patience = train.patience;
  monitor.measure = [this, name = monitor.name] {
    return evaluator_.monitored(ModuleView(*model_).view(), name);
  };
  return monitor;
}

int64_t Experiment::steps() const {
  const TrainOptions& train = config_.train;
  return train.epochs > 0 ? train.epochs * stepper_->steps_per_pass() : train.steps;
}

int64_t Experiment::as_many_passes(int64_t done, int64_t before, int64_t rows) const {
  if (solved(config_)) return std::max<int64_t>(1, done);  // a step is a pass already
  // More rows take more steps, and larger batches (train.batch_size: auto) fewer.
  const auto batch = [&](int64_t n) {
    return static_cast<double>(batch_size_of(config_.train, n));
  };
  const double more = static_cast<double>(rows) / static_cast<double>(before) *
                      (batch(before) / batch(rows));
  return std::max<int64_t>(1, std::llround(more * static_cast<double>(done)));
}

TrainSummary Experiment::fit(const RunDirectory* run, Stage stage, int64_t steps) {
  TrainJob job{.model = *model_, .stepper = *stepper_, .steps = steps, .peers = peers_};
  job.unit = solved(config_) ? "epoch" : "step";
  job.samples_per_step = stepper_->samples_per_step();
  if (stage == Stage::kFirst) job.monitor = monitor_;
  const bool writes = run != nullptr && peers_.first();
  job.quiet = !writes || quiet_;
  if (!writes) return latent::train(job, std::exchange(checkpoint_, std::nullopt));

  const CheckpointFolder checkpoints(folder_of(*run, stage));
  checkpoints.remove_half_written();
  const std::string mark = stage == Stage::kRefit   ? "refit"
                           : stage == Stage::kFinal ? "final"
                                                    : "";
  RunLogWriter log(run->log(), mark,
             config_.log.tensorboard ? run->tensorboard() + (mark.empty() ? "" : "/" + mark) : "");
  job.log = [&](const ordered_json& line) { log.add(line); };
  job.checkpoint_every = config_.checkpoint.every;
  job.checkpoint_seconds = 60 * config_.checkpoint.minutes;
  job.checkpoints = &checkpoints;
  job.resume_command = [&] { return "latent train --resume " + run->path(); };
  const TrainSummary summary = latent::train(job, checkpoint_);
  checkpoint_.reset();  // as large as the model and its optimizer
  return summary;
}

std::string Experiment::folder_of(const RunDirectory& run, Stage stage) {
  return stage == Stage::kRefit   ? run.refit_checkpoints()
         : stage == Stage::kFinal ? run.final_checkpoints()
                                  : run.checkpoints();
}

TrainSummary Experiment::later_fit(const RunDirectory* run, Stage stage, int64_t steps) {
  if (run != nullptr) {
    const std::string folder = folder_of(*run, stage);
    if (peers_.first()) std::filesystem::create_directories(folder);
    checkpoint_ = CheckpointFolder(folder).newest();
  }
  prepare(stage);
  return fit(run, stage, steps);
}

void Experiment::train(const RunDirectory* run, bool quiet) {
  quiet_ = quiet;
  if (stepper_ == nullptr) return;
  const auto start = Clock::now();
  summary_ = fit(run, Stage::kFirst, steps());
  if (config_.train.refit) {
    first_valid_ = evaluator_.evaluate(ModuleView(*model_).view(), "valid");
    if (config_.train.rows != "all")
      first_valid_.erase("leaked");  // this fit has not seen it, the second will
    const int64_t first = data_->parts.train.size();
    refit_steps_ = as_many_passes(summary_.best_step, first, first + data_->parts.valid.size());
    const TrainSummary second = later_fit(run, Stage::kRefit, refit_steps_);
    refit_steps_ = second.steps;
    summary_.seconds += second.seconds;
    summary_.steps += second.steps;
    summary_.objective = second.objective;
    summary_.figures = second.figures;
  }
  fit_seconds_ += since(start);
}

ordered_json Experiment::train_on_all(const RunDirectory* run) {
  const Split& parts = data_->parts;
  const int64_t rows = parts.train.size() + parts.valid.size() + parts.test.size();
  const int64_t before = rows_->get().size();
  ordered_json out = {{"fit", "all"}, {"rows", rows}, {"steps", 0}, {"seconds", 0.0}};
  if (before == rows) return out;  // the tested fit is one
  if (stepper_ == nullptr) {
    prepare(Stage::kFinal);
    return out;
  }
  const int64_t done = refit_steps_ > 0            ? refit_steps_
                       : summary_.best_step >= 0 ? summary_.best_step
                                                 : summary_.steps;
  const TrainSummary summary =
      later_fit(run, Stage::kFinal, as_many_passes(done, before, rows));
  out["steps"] = summary.steps;
  out["seconds"] = summary.seconds;
  return out;
}

FitResult Experiment::evaluate(PerUserFigures* per_user) const {
  const auto start = Clock::now();
  const ModuleView view(*model_);
  FitResult out;
  out.metrics["test"] = evaluator_.evaluate(view.view(), "test", per_user);
  out.test_seconds = since(start);
  out.metrics["valid"] =
      refit_steps_ > 0 ? first_valid_ : evaluator_.evaluate(view.view(), "valid");
  out.metrics["train"] = train_figures(summary_);
  if (refit_steps_ > 0) out.metrics["train"]["refit_steps"] = refit_steps_;
  out.fit_seconds = fit_seconds_;
  return out;
}

void Experiment::collect_tables() {
  if (stepper_) stepper_->collect();
}

FitResult run_experiment(const RunConfig& config, std::shared_ptr<const SplitDataset> data,
                         const RunDirectory* run) {
  Experiment experiment(config, std::move(data));
  experiment.train(run);
  return experiment.evaluate();
}

}  // namespace latent
