#include "src/run/loaded_run.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/config/readers.h"
#include "src/run/saved_run.h"
#include "src/train/at_once.h"
#include "src/train/checkpoint.h"

namespace latent {

namespace {

/// Whether a later fit on all rows was made beside the tested one (see Experiment::train_on_all).
bool has_final_fit(const RunConfig& config, const SplitDataset& data) {
  const Split& parts = data.parts;
  const bool refit = config.train.refit || config.train.rows == "all";
  const bool fits_all = parts.test.size() == 0 ? refit || parts.valid.size() == 0
                                               : config.train.rows == "all";
  return config.exporting.fit == "all" && !fits_all;
}

RunConfig config_of(const RunDirectory& run, const std::vector<std::string>& sets) {
  const ResolvedConfig resolved = read_with_complaints(run.config(), sets);
  refuse(complaints_apart_from_data(resolved));
  return resolved.config;
}

/// A model without a checkpoint is computed again, which takes the run's own knobs.
void require_same_fit(const RunDirectory& run, RunConfig now) {
  RunConfig then = read_config(run.config(), {}).config;
  const auto was = knobs(then), is = knobs(now);
  for (size_t n = 0; n < was.size(); ++n) {
    const std::string& name = was[n].name;
    const bool of_fit =
        name.starts_with("split.") || name.starts_with("model.") ||
        readers_of(name) == std::vector<std::string>{now.model.name};
    if (!of_fit || knob_value(was[n]) == knob_value(is[n])) continue;
    throw Error("'" + name + "' was " + knob_value(was[n]).dump() + " in " + run.path() +
                " and is " + knob_value(is[n]).dump() + " now, but " + now.model.name +
                " is computed again from its data as it was; train a new run with it");
  }
}

}  // namespace

LoadedRun::LoadedRun(const RunDirectory& run, const std::vector<std::string>& sets, Fit fit)
    : config(config_of(run, sets)), data(load_dataset(config.data, config.split)) {
  use_threads(config);
  is_final = fit == Fit::kAll && has_final_fit(config, data);
  // What the model takes from ratings it takes from the rows of the last fit.
  model = make_model_for(config, data, fitted_rows().get(), /*filled=*/false);
}

FittedRows LoadedRun::fitted_rows() const {
  return FittedRows(data, is_final || config.train.refit, is_final);
}

void LoadedRun::compute(const RunDirectory& run) {
  require_same_data(config, data, saved_provenance(run), run.path());
  require_same_fit(run, config);
  const FittedRows rows = fitted_rows();
  fit_at_once({config, *model, rows.get(), /*known=*/nullptr, torch::kCPU});
}

void LoadedRun::load_weights(const RunDirectory& run) {
  const ModelInfo& info = model_info(config.model.name);
  if (info.trained == Trained::kNot) return;
  if (info.trained == Trained::kAtOnce) return compute(run);
  const auto prefix = [](const nlohmann::json& state) {
    return std::string(state.contains("best") ? "best." : "model.");
  };
  const auto checkpoint =
      CheckpointFolder(is_final                ? run.final_checkpoints()
                       : config.train.refit ? run.refit_checkpoints()
                                                  : run.checkpoints())
          .newest([&](const nlohmann::json& state, const std::string& name) {
            return name.starts_with(prefix(state));
          });
  if (!checkpoint)
    throw Error(run.path() + ": no checkpoint yet; finish it with: latent train --resume " +
                run.path());
  for (const auto& parameter : model->named_parameters()) {
    const std::string name = prefix(checkpoint->state) + parameter.key();
    const auto saved =
        std::ranges::find(checkpoint->tensors, name, &NamedTensors::value_type::first);
    if (saved == checkpoint->tensors.end() || saved->second.sizes() != parameter.value().sizes()) {
      throw Error(run.path() + ": its checkpoint does not fit this model (table " +
                  parameter.key() + "); leave model.* as the run has it");
    }
    // The saved table itself, not a second one of its size.
    const torch::Tensor& table = parameter.value();
    table.set_data(saved->second.to(table.device(), table.scalar_type()));
  }
}

}  // namespace latent
