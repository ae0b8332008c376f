#include "src/run/crossval.h"

#include <algorithm>
#include <cmath>

#include "src/base/interrupt.h"
#include "src/base/jobs.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/base/parallel.h"
#include "src/config/auto_values.h"
#include "src/config/memory_needed.h"
#include "src/run/experiment.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

/// Fold `fold` of `all`, whose rows are shuffled.
SplitDataset fold_of(const SplitDataset& all, int64_t fold, int64_t folds, double valid) {
  SplitDataset out;
  out.users = all.users;
  out.items = all.items;
  out.checksum = all.checksum;
  out.parts = fold_of(all.parts.train, fold, folds, valid);
  return out;
}

bool is_figure(const std::string& name, const ordered_json& value) {
  return value.is_number() && name != "interactions" && name.rfind("popularity_", 0) != 0;
}

ordered_json run_fold(const RunConfig& config, SplitDataset data) {
  const FitResult result =
      run_experiment(config, std::make_shared<const SplitDataset>(std::move(data)));
  ordered_json out;
  for (const auto& [name, value] : result.metrics["test"].items()) {
    if (is_figure(name, value) || name == "sampled") out[name] = value;
  }
  out["fit_seconds"] = result.fit_seconds;
  out["test_seconds"] = result.test_seconds;
  return out;
}

ordered_json summarised(const ordered_json& folds) {
  ordered_json mean, sd;
  for (const auto& [name, first] : folds[0].items()) {
    const bool everywhere =
        std::ranges::all_of(folds, [&](const ordered_json& fold) { return fold.contains(name); });
    if (name == "sampled") continue;  // a label
    if (!everywhere) continue;  // of warm pairs, where some fold has no cold ones
    double sum = 0, squares = 0;
    for (const auto& fold : folds) sum += fold.value(name, std::nan(""));
    const double average = sum / static_cast<double>(folds.size());
    for (const auto& fold : folds)
      squares += std::pow(fold.value(name, std::nan("")) - average, 2);
    mean[name] = average;
    sd[name] = std::sqrt(squares / static_cast<double>(folds.size() - 1));
  }
  return {{"folds", folds}, {"mean", mean}, {"sd", sd}};
}

}  // namespace

ordered_json cross_validate(const CrossvalRequest& request) {
  return with_memory_advice([&] {
    RunConfig config = request.config;
    SplitDataset all;
    const bool files = !request.files.empty();
    const int64_t folds = files ? static_cast<int64_t>(request.files.size()) : request.folds;
    if (!files) {
      if (config.split.kind == "files" || !config.data.valid_path.empty() ||
          !config.data.test_path.empty())
        throw Error(
            "--folds cuts data.path itself; unset data.test_path, data.valid_path and split.kind = "
            "files, or use --fold-files");
      SplitOptions whole = config.split;
      whole.kind = "random";
      whole.test = 0;
      whole.valid = 0;
      all = load_dataset(config.data, whole);
      if (all.parts.train.size() < folds)
        throw Error("--folds " + std::to_string(folds) + " needs at least as many rows; " +
                    config.data.path + " has " + std::to_string(all.parts.train.size()));
    }
    const double valid = files ? config.split.valid_share()
                               : valid_share_of(config.split, all.parts.train.size());
    if (valid > 0 && !config.train.refit)
      say("split.valid = " + ordered_json(valid).dump() +
          ": that share of each fold's other rows is left out of its training");
    const int jobs = static_cast<int>(std::min<int64_t>(request.jobs, folds));
    if (jobs > 1 && config.train.threads == 0)
      config.train.threads = std::max(1, hardware_threads() / jobs);
    if (!files)
      require_memory_for_jobs(std::vector<const RunConfig*>(jobs, &config), jobs, all.users.size(),
                              all.items.size(), all.parts.train.size(), available_memory());
    const InterruptGuard interrupts;
    std::vector<ordered_json> done(folds);
    run_jobs(folds, jobs, [&](int64_t fold) {
      if (!files) {
        done[fold] = run_fold(config, fold_of(all, fold, folds, valid));
        return;
      }
      RunConfig own = config;
      own.split.kind = "files";
      own.data.path = request.files[fold].first;
      own.data.test_path = request.files[fold].second;
      done[fold] = run_fold(own, load_dataset(own.data, own.split));
    });
    return summarised(done);
  });
}

}  // namespace latent
