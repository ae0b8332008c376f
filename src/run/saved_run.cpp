#include "src/run/saved_run.h"

#include <algorithm>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/export/tables_file.h"
#include "src/run/evaluate.h"
#include "src/run/model_for_data.h"
#include "src/run/write_model.h"
#include "src/serve/served_model.h"
#include "src/train/checkpoint.h"
#include "src/train/module_view.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

Error other_ids(const std::string& where, const std::string& data) {
  return Error(
      where + ": the ids of " + data +
      " are not those the model was trained on; evaluate on the same file and row filters");
}

bool same_ids(const IdMap& data, const IdTable& model) {
  return std::ranges::equal(data.text(), model.text()) &&
         std::ranges::equal(data.ends(), model.start(), [](uint64_t end, int64_t start) {
           return static_cast<int64_t>(end) == start;
         });
}

/// Other data may be meant, but another split of it is hardly ever.
void tell_of_changed_data(const SplitDataset& data, const nlohmann::json& provenance,
                          const std::string& where) {
  const std::string then = provenance.value("data_crc32", "");
  if (then != hex(data.checksum))
    say(where +
        ": not the data of the training: its split may put training rows among the test rows");
}

/// A run's config and data, and the model that they ask for, without weights.
struct SavedRun {
  SavedRun(const RunDirectory& run, const std::vector<std::string>& sets)
      : config(config_of(run, sets)), data(load_dataset(config.data, config.split)) {
    use_threads(config);
    // What the model takes from ratings it takes from the rows of the last fit.
    model = make_model_for(config, data, FittedRows(data, config.train.refit, false).get(),
                           /*filled=*/false);
  }
  RunConfig config;
  SplitDataset data;
  Recommender model;

 private:
  static RunConfig config_of(const RunDirectory& run, const std::vector<std::string>& sets) {
    const ResolvedConfig resolved = read_with_complaints(run.config(), sets);
    refuse(complaints_apart_from_data(resolved));
    return resolved.config;
  }
};

/// Weights of the finished run, best ones under early stopping, into `saved`.
void load_weights(SavedRun& saved, const RunDirectory& run) {
  if (model_info(saved.config.model.name).trained == Trained::kNot) return;
  const auto prefix = [](const nlohmann::json& state) {
    return std::string(state.contains("best") ? "best." : "model.");
  };
  const auto checkpoint =
      CheckpointFolder(saved.config.train.refit ? run.refit_checkpoints() : run.checkpoints())
          .newest([&](const nlohmann::json& state, const std::string& name) {
            return name.starts_with(prefix(state));
          });
  if (!checkpoint)
    throw Error(run.path() + ": no checkpoint yet; finish it with: latent train --resume " +
                run.path());
  for (const auto& parameter : saved.model->named_parameters()) {
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

}  // namespace

void require_same_data(const RunConfig& config, const SplitDataset& data,
                       const nlohmann::json& provenance, const std::string& where) {
  const std::string then = provenance.value("data_crc32", "");
  if (then != hex(data.checksum)) {
    throw Error(where + ": the data at " + config.data.path + " has changed since (CRC-32 " + then +
                " then, " + hex(data.checksum) + " now)");
  }
}

nlohmann::json saved_provenance(const RunDirectory& run) {
  const auto tree = nlohmann::json::parse(read_file(run.config()), nullptr, false);
  if (tree.is_discarded() || !tree.contains("provenance"))
    throw Error(run.config() + ": damaged; train again");
  return tree["provenance"];
}

ordered_json evaluate_saved(const std::string& run_or_model, const std::vector<std::string>& sets,
                            const PredictionsRequest& predictions) {
  const auto report = [&](const FactorView& view, const SplitDataset& data,
                          const RunConfig& config) {
    const Evaluator evaluator(data, config);
    tell_how_read(data.read_as, ranks(config));
    ordered_json out;
    out["test"] = evaluator.evaluate(view, "test");
    out["valid"] = evaluator.evaluate(view, "valid");
    if (!predictions.path.empty())
      write_predictions(predictions.path, view, data, predictions.part);
    return out;
  };
  if (std::filesystem::is_directory(run_or_model)) {
    const RunDirectory run = RunDirectory::open(run_or_model);
    SavedRun saved(run, sets);
    const auto provenance = saved_provenance(run);
    if (provenance.value("ids_crc32", "") != hex(ids_checksum(saved.data)))
      throw other_ids(run_or_model, saved.config.data.path);
    tell_of_changed_data(saved.data, provenance, run_or_model);
    load_weights(saved, run);
    return report(ModuleView(*saved.model).view(), saved.data, saved.config);
  }
  for (const std::string& set : sets) {
    if (set.rfind("data.rating_scale", 0) == 0)
      throw Error(run_or_model + ": a model file keeps the range of ratings it was exported with; "
                  "set data.rating_scale for its run, or train with it");
  }
  const ServedModel model(run_or_model);
  const auto metadata = ordered_json::parse(model.metadata(), nullptr, false);
  if (metadata.is_discarded() || !metadata.contains("config"))
    throw Error(run_or_model + ": holds no config, so it cannot be evaluated");
  ordered_json saved = metadata["config"];
  saved["provenance"] = metadata.value("provenance", ordered_json::object());
  const ResolvedConfig resolved = resolve_with_complaints(saved.dump(), run_or_model, sets);
  refuse(complaints_apart_from_data(resolved));
  const RunConfig& config = resolved.config;
  use_threads(config);
  const SplitDataset data = load_dataset(config.data, config.split);
  if (!same_ids(data.users, model.user_ids()) || !same_ids(data.items, model.item_ids())) {
    throw other_ids(run_or_model, config.data.path);
  }
  tell_of_changed_data(data, metadata.value("provenance", ordered_json::object()), run_or_model);
  return report(model.view(), data, config);
}

void export_run(const std::string& directory, const std::string& path, bool npz) {
  const RunDirectory run = RunDirectory::open(directory);
  SavedRun saved(run, {});
  require_same_data(saved.config, saved.data, saved_provenance(run), directory);
  load_weights(saved, run);
  if (npz) return write_tables(saved.config, saved.data, *saved.model, path);
  ordered_json metrics;
  if (std::filesystem::exists(run.metrics()))
    metrics = ordered_json::parse(read_file(run.metrics()), nullptr, false);
  const Evaluator evaluator(saved.data, saved.config);
  write_model(saved.config, saved.data, *saved.model, evaluator.seen_items(), path, metrics);
}

}  // namespace latent
