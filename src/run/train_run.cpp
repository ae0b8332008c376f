#include "src/run/train_run.h"

#include <torch/torch.h>

#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/run/evaluate.h"
#include "src/run/fit.h"
#include "src/run/saved_run.h"
#include "src/run/tables_file.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

ordered_json run_config(const Setup& setup) {
  return config_file(setup.config, setup.provenance(), read_as_json(setup.data.read_as.format));
}

/// Training to exported model, in a run folder that exists and holds its config.
RunReport finish(Setup& setup, const Evaluator& evaluator, const RunDirectory& run) {
  ordered_json of_training;
  const TrainSummary summary = train_model(setup, evaluator, &run, of_training);
  const ModuleView view = setup.view();
  ordered_json metrics;
  metrics["test"] = evaluator.evaluate(view.view(), "test");
  metrics["valid"] = of_training.contains("valid") ? of_training["valid"]
                                                   : evaluator.evaluate(view.view(), "valid");
  metrics["train"] = train_figures(summary);
  if (of_training.contains("refit_steps"))
    metrics["train"]["refit_steps"] = of_training["refit_steps"];
  if (setup.config.exporting.automatic) write_model(setup, run.model(), metrics);
  write_file(run.metrics(), metrics.dump(2) + "\n");
  return {run.path(), metrics};
}

/// Knobs that may differ between a run and its continuation.
bool may_change(const std::string& knob) {
  for (const char* free : {"train.steps", "train.epochs", "train.threads", "train.device",
                           "train.patience", "data.cache_dir"}) {
    if (knob == free) return true;
  }
  return knob.rfind("eval.", 0) == 0 || knob.rfind("export.", 0) == 0 ||
         knob.rfind("checkpoint.", 0) == 0;
}

void require_agreement(const RunConfig& before, const RunConfig& now,
                       const std::string& directory) {
  RunConfig a = before, b = now;
  const auto was = knobs(a), is = knobs(b);
  for (size_t n = 0; n < was.size(); ++n) {
    if (knob_value(was[n]) != knob_value(is[n]) && !may_change(was[n].name)) {
      throw Error("'" + was[n].name + "' was " + knob_value(was[n]).dump() + " in " + directory +
                  " and is " + knob_value(is[n]).dump() +
                  " now; resume with the run's own value, or train a new run");
    }
  }
}

}  // namespace

RunReport train_run(const TrainRequest& request) {
  return naming_memory([&] {
    if (!request.run_dir.empty())
      RunDirectory::check_can_create(request.run_dir, request.overwrite);
    Setup setup(request.config.config);
    const Evaluator evaluator(setup.data, setup.config);
    check_trainable(setup, evaluator);
    if (!setup.config.model.init_path.empty()) read_initial_tables(setup);  // or complain now
    const RunDirectory run = request.run_dir.empty()
                                 ? RunDirectory::create_numbered(request.stem)
                                 : RunDirectory::create(request.run_dir, request.overwrite);
    write_file(run.config(), run_config(setup).dump(2) + "\n");
    tell_how_read(setup.data.read_as, ranks(setup.config));
    try {
      const RunReport report = finish(setup, evaluator, run);
      run.keep_replacement();
      return report;
    } catch (...) {
      // A run that failed before its first checkpoint holds nothing worth keeping; the one it was
      // to replace does.
      std::error_code ignored;
      if (std::filesystem::is_empty(run.checkpoints(), ignored)) {
        run.restore_replaced();
      } else {
        run.keep_replacement();
      }
      throw;
    }
  });
}

RunReport resume_run(const std::string& directory, const std::string& config_path,
                     const std::vector<std::string>& sets) {
  return naming_memory([&] {
    const RunDirectory run = RunDirectory::open(directory);
    const RunConfig saved = read_config(run.config(), {}, catalog_defaults()).config;
    const RunConfig now =
        read_config(config_path.empty() ? run.config() : config_path, sets, catalog_defaults())
            .config;
    require_agreement(saved, now, directory);
    Setup setup(now);
    require_same_data(setup, saved_provenance(run), directory);
    const Evaluator evaluator(setup.data, setup.config);
    const Wanted no_table = [](const auto&, const auto&) { return false; };
    const auto checkpoint = CheckpointFolder(run.checkpoints()).newest(no_table);
    const int64_t step = checkpoint ? checkpoint->state.at("step").get<int64_t>() : 0;
    say(checkpoint ? "resuming " + directory + " at step " + std::to_string(step)
                   : directory + " has no checkpoint yet: starting at step 0");
    const auto second = CheckpointFolder(run.refit_checkpoints()).newest(no_table);
    trim_log(run.log(), step, second ? second->state.at("step").get<int64_t>() : 0);
    write_file(run.config(), run_config(setup).dump(2) + "\n");
    check_trainable(setup, evaluator);
    tell_how_read(setup.data.read_as, ranks(setup.config));
    return finish(setup, evaluator, run);
  });
}

ModelDefaultsOf catalog_defaults() {
  return [](const std::string& model) { return model_info(model).defaults; };
}

std::string torch_version() { return TORCH_VERSION; }

}  // namespace latent
