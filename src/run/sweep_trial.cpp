#include "src/run/sweep_trial.h"

#include <chrono>
#include <cmath>
#include <ctime>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/run/experiment.h"
#include "src/run/warm_start.h"
#include "src/train/module_view.h"

namespace latent {

namespace {

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+00:00", &parts);
  return text;
}

/// The trial's run directory, with its config, whether it was there or not.
RunDirectory open_folder(const TrialRequest& request, const SplitDataset& data) {
  std::error_code failed;
  std::filesystem::create_directories(request.folder + "/checkpoints", failed);
  if (failed)
    throw SystemError(request.folder + ": cannot make the run directory: " + failed.message());
  const std::string config = request.folder + "/config.json";
  if (!std::filesystem::exists(config)) {
    const auto provenance = provenance_of(request.config, data, /*leaked=*/false);
    write_file(config, config_file(request.config, provenance, read_as_json(data.read_as.format))
                               .dump(2) +
                           "\n");
  }
  return RunDirectory::open(request.folder);
}

void train_and_judge(const TrialRequest& request, std::shared_ptr<const SplitDataset> data,
                     TrialFit& fit) {
  const RunDirectory run = open_folder(request, *data);
  Experiment experiment(at_rung(request.config, request.rung), std::move(data), &run);
  trim_log(run.log(), {.first = experiment.done()});
  experiment.train(&run, /*quiet=*/true);
  const TrainSummary& summary = experiment.summary();
  fit.steps = summary.steps;
  fit.kept_steps = summary.best_step >= 0 ? summary.best_step : summary.steps;
  fit.steps_per_pass = experiment.steps_per_pass();
  const ModuleView view(experiment.model());
  const double value = experiment.evaluator().monitored(view.view(), request.metric);
  if (std::isfinite(value)) {
    fit.value = value;
  } else {
    fit.error = request.metric + " of the validation part is not a number";
  }
}

}  // namespace

TrialFit fit_trial(const TrialRequest& request, std::shared_ptr<const SplitDataset> data) {
  const auto start = std::chrono::steady_clock::now();
  TrialFit fit;
  fit.began = utc_now();
  fit.threads = request.config.train.threads;
  try {
    with_memory_advice([&] { train_and_judge(request, std::move(data), fit); });
  } catch (const SystemError&) {
    throw;
  } catch (const Error& e) {
    const std::string text = e.what();
    fit.error = text.substr(0, text.find('\n'));
  }
  fit.ended = utc_now();
  fit.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return fit;
}

}  // namespace latent
