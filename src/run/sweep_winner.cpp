#include "src/run/sweep_winner.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/config/metric_names.h"
#include "src/run/part_metrics.h"
#include "src/run/sweep_data.h"
#include "src/run/train_run.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

/// Lets the test part be judged by the sweep's metric, too.
void measure(const std::string& metric, RunConfig& config) {
  if (!wants_metrics(config, is_rating_metric(metric) ? "rating" : "ranking"))
    config.eval.metrics = "all";
  const size_t at = metric.find('@');
  if (at == std::string::npos) return;
  const int64_t k = std::stoll(metric.substr(at + 1));
  if (std::ranges::count(config.eval.k, k) == 0) config.eval.k.push_back(k);
  std::ranges::sort(config.eval.k);
}

void set_length(const WinnerRequest& request, double more_rows, RunConfig& config) {
  TrainOptions& train = config.train;
  const ModelInfo& model = model_info(config.model.name);
  if (!has_steps(model)) return;
  double steps = 0, passes = 0;
  int64_t seeds = 0;
  for (const auto& [key, fit] : request.fits) {
    if (key.trial != request.row.trial || key.rung != request.row.best_rung || !fit.value) continue;
    steps += static_cast<double>(fit.kept_steps);
    passes += static_cast<double>(fit.kept_steps) / static_cast<double>(fit.steps_per_pass);
    ++seeds;
  }
  const auto mean = [&](double sum) {
    return std::max<int64_t>(1, std::llround(sum / static_cast<double>(seeds)));
  };
  if (train.epochs > 0) {
    train.epochs = mean(passes);
  } else {
    train.steps = mean(model.trained == Trained::kBySolver ? steps : steps * more_rows);
  }
}

/// As the file of a run, whose knobs nobody has to answer for again.
ResolvedConfig as_resolved(const RunConfig& config) {
  ResolvedConfig out;
  out.config = config;
  for (const Knob& knob : knobs(out.config)) out.sources[knob.name] = "run";
  return out;
}

ordered_json metrics_of(const std::string& run) {
  const std::string path = run + "/metrics.json";
  const auto metrics = json_of<ordered_json>(read_file(path));
  if (!metrics.is_object() || !metrics.contains("test"))
    throw Error(path + ": damaged; remove " + run + ", and it is made again");
  return metrics;
}

/// Its metrics; trains only what is not there.
ordered_json finished_run(const std::string& run, const RunConfig& config,
                          std::shared_ptr<const SplitDataset>& data, int64_t rows) {
  if (fs::exists(run + "/metrics.json")) return metrics_of(run);
  if (fs::exists(run + "/config.json")) return resume_run(run, "", {}).metrics;
  std::error_code failed;
  fs::remove_all(run, failed);  // a kill left it without its config
  if (!data) {
    data = std::make_shared<const SplitDataset>(load_dataset(config.data, config.split));
    if (data->parts.train.size() != rows)
      throw std::logic_error("the winner's training part is not train and valid together");
  }
  return train_run({as_resolved(config), "", run, /*overwrite=*/false, data}).metrics;
}

/// {metric: {"mean", "sd"}} over the runs; sd is null for one.
ordered_json summarised(const std::vector<ordered_json>& tests) {
  ordered_json out = ordered_json::object();
  for (const auto& [name, first] : tests.front().items()) {
    if (!first.is_number()) continue;
    SweepRow row;
    for (const ordered_json& test : tests) row.values.push_back(test.value(name, std::nan("")));
    out[name] = {{"mean", row.mean()},
                 {"sd", tests.size() > 1 ? ordered_json(row.sd()) : ordered_json()}};
  }
  return out;
}

}  // namespace

RunConfig winner_config(const WinnerRequest& request, int64_t train_rows, int64_t valid_rows) {
  RunConfig config = request.plan.trials[request.row.trial].config;
  const auto train = static_cast<double>(train_rows), valid = static_cast<double>(valid_rows);
  set_length(request, (train + valid) / train, config);
  const TrainOptions untouched;
  config.train.refit = untouched.refit;
  config.train.patience = untouched.patience;
  config.train.monitor = untouched.monitor;
  config.train.eval_every = untouched.eval_every;
  measure(request.plan.spec.metric, config);
  return config;
}

ordered_json run_winner(const WinnerRequest& request, const SplitDataset& data,
                        SweepStore& store) {
  const int64_t train = data.parts.train.size(), valid = data.parts.valid.size();
  const auto seeds = static_cast<int64_t>(request.row.values.size());
  RunConfig first = winner_config(request, train, valid);
  join_train_and_valid(first, request.directory + "/data");
  std::shared_ptr<const SplitDataset> joined;
  std::vector<ordered_json> tests;
  ordered_json runs = ordered_json::array();
  for (int64_t seed = 0; seed < seeds; ++seed) {
    const std::string name = "winner" + (seed > 0 ? "-seed" + std::to_string(seed) : "");
    const std::string run = request.directory + "/" + name;
    RunConfig config = first;
    config.train.seed += seed;
    say("fitting trial " + std::to_string(request.row.trial) + " on train and valid: " + run);
    const ordered_json metrics = finished_run(run, config, joined, train + valid);
    store.add_winner(request.row.trial, config.train.seed, name, metrics.dump());
    tests.push_back(metrics["test"]);
    runs.push_back(run);
  }
  return {{"trial", request.row.trial},
          {"tuned", request.plan.trials[request.row.trial].tuned},
          {"runs", runs},
          {"test", summarised(tests)}};
}

}  // namespace latent
