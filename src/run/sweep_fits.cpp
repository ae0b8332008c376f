#include "src/run/sweep_fits.h"

#include <algorithm>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/interrupt.h"
#include "src/base/jobs.h"
#include "src/base/parallel.h"
#include "src/run/evaluate.h"
#include "src/run/sweep_trial.h"

namespace latent {

namespace {

/// The mean length of the trials, in passes or steps.
int64_t mean_length(const SweepPlan& plan) {
  int64_t sum = 0;
  for (const SweepTrial& trial : plan.trials) sum += length_of(trial.config);
  return std::max<int64_t>(1, sum / static_cast<int64_t>(plan.trials.size()));
}

bool counts_steps(const SweepPlan& plan) {
  return std::ranges::any_of(plan.trials,
                             [](const SweepTrial& t) { return t.config.train.epochs == 0; });
}

}  // namespace

/// What a fit adds to the progress: about its passes since the rung before.
int64_t SweepFits::weight(const FitKey& key) const {
  const int64_t length = mean_length(plan_);
  const bool from_start = key.seed > 0 || key.rung == 0;
  const int64_t before = from_start ? 0 : length / rungs_[key.rung - 1].cut;
  return std::max<int64_t>(1, length / rungs_[key.rung].cut - before);
}

SweepFits::SweepFits(const SweepPlan& plan, const std::vector<Rung>& rungs, SweepStore& store,
                     std::shared_ptr<const SplitDataset> data, std::string folder, int jobs)
    : plan_(plan),
      rungs_(rungs),
      store_(store),
      data_(std::move(data)),
      folder_(std::move(folder)),
      jobs_(jobs),
      fits_(store.fits()),
      progress_("sweep", weight_left(), counts_steps(plan) ? "steps" : "passes") {}

int64_t SweepFits::weight_left() const {
  int64_t total = rungs_.back().trials * (plan_.spec.seeds - 1) * mean_length(plan_);
  for (size_t rung = 0; rung < rungs_.size(); ++rung)
    total += rungs_[rung].trials * weight({0, 0, static_cast<int64_t>(rung)});
  for (const auto& [key, fit] : fits_) total -= weight(key);
  return std::max<int64_t>(1, total);
}

std::string SweepFits::folder_of(const FitKey& key) const {
  char name[40];
  std::snprintf(name, sizeof name, "/%04lld", static_cast<long long>(key.trial));
  return folder_ + name + (key.seed > 0 ? "-seed" + std::to_string(key.seed) : "");
}

void SweepFits::drop_checkpoints(const FitKey& key) const {
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(folder_of(key) + "/checkpoints", ignored))
    std::filesystem::remove(entry.path(), ignored);
}

void SweepFits::show_progress(const FitKey& key, const TrialFit& fit) {
  weight_done_ += weight(key);
  const bool higher = Evaluator::higher_is_better(plan_.spec.metric);
  const auto is_better = [&](double value) {
    return best_.empty() || (higher ? value > best_value_ : value < best_value_);
  };
  if (fit.value && is_better(*fit.value)) {
    char text[40];
    std::snprintf(text, sizeof text, " %.4f (trial %lld)", *fit.value,
                  static_cast<long long>(key.trial));
    best_value_ = *fit.value;
    best_ = "best " + plan_.spec.metric + text;
  }
  progress_.update(weight_done_, best_);
}

void SweepFits::make_one(const FitKey& key) {
  TrialRequest request{plan_.trials[key.trial].config, rungs_[key.rung], folder_of(key),
                       plan_.spec.metric};
  TrainOptions& train = request.config.train;
  train.seed += key.seed;
  train.refit = false;  // the winner's fit on train and valid is the sweep's last act
  if (train.threads == 0) train.threads = std::max(1, hardware_threads() / jobs_);
  const TrialFit fit = fit_trial(request, data_);
  const std::lock_guard lock(mutex_);
  store_.add(key, fit);
  fits_[key] = fit;
  if (key.seed > 0 || key.rung + 1 == static_cast<int64_t>(rungs_.size())) drop_checkpoints(key);
  show_progress(key, fit);
}

void SweepFits::make(const std::vector<FitKey>& keys) {
  std::vector<FitKey> open;
  for (const FitKey& key : keys) {
    if (!fits_.contains(key)) open.push_back(key);
  }
  run_jobs(std::ssize(open), jobs_, [&](int64_t n) {
    if (const int signal = InterruptGuard::received(); signal != 0)
      throw Interrupted(signal, "interrupted");
    make_one(open[n]);
  });
}

}  // namespace latent
