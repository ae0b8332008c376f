#include "src/run/saved_run.h"

#include <algorithm>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/config/write.h"
#include "src/export/torchscript.h"
#include "src/run/evaluate.h"
#include "src/run/tables_file.h"
#include "src/run/train_run.h"
#include "src/serve/served_model.h"
#include "src/train/checkpoint.h"

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

}  // namespace

void require_same_data(const Setup& setup, const nlohmann::json& provenance,
                       const std::string& where) {
  const std::string then = provenance.value("data_crc32", "");
  if (then != hex(setup.data.checksum)) {
    throw Error(where + ": the data at " + setup.config.data.path + " has changed since (CRC-32 " +
                then + " then, " + hex(setup.data.checksum) + " now)");
  }
}

nlohmann::json saved_provenance(const RunDirectory& run) {
  const auto tree = nlohmann::json::parse(read_file(run.config()), nullptr, false);
  if (tree.is_discarded() || !tree.contains("provenance"))
    throw Error(run.config() + ": damaged; train again");
  return tree["provenance"];
}

void load_weights(Setup& setup, const RunDirectory& run) {
  if (model_info(setup.config.model.name).trained == Trained::kNot) return;
  if (setup.config.train.refit)  // as the second fit had it
    setup.new_model(FittedRows(setup.data, true, false).get(), Setup::Tables::kAnything);
  const auto prefix = [](const nlohmann::json& state) {
    return std::string(state.contains("best") ? "best." : "model.");
  };
  const auto checkpoint =
      CheckpointFolder(setup.config.train.refit ? run.refit_checkpoints() : run.checkpoints())
          .newest([&](const nlohmann::json& state, const std::string& name) {
            return name.starts_with(prefix(state));
          });
  if (!checkpoint)
    throw Error(run.path() + ": no checkpoint yet; finish it with: latent train --resume " +
                run.path());
  for (const auto& parameter : setup.model->named_parameters()) {
    const std::string name = prefix(checkpoint->state) + parameter.key();
    const auto saved = std::ranges::find(checkpoint->tensors, name, &NamedTensors::value_type::first);
    if (saved == checkpoint->tensors.end() || saved->second.sizes() != parameter.value().sizes()) {
      throw Error(run.path() + ": its checkpoint does not fit this model (table " +
                  parameter.key() + "); leave model.* as the run has it");
    }
    // The saved table itself, not a second one of its size.
    const torch::Tensor& table = parameter.value();
    table.set_data(saved->second.to(table.device(), table.scalar_type()));
  }
}

void write_model(const Setup& setup, const std::string& path, const ordered_json& metrics) {
  UserItems seen = user_items(setup.data.parts.train, setup.data.users.size());
  if (setup.data.parts.valid.size() > 0)
    seen = merged(seen, user_items(setup.data.parts.valid, setup.data.users.size()));
  export_torchscript(path, {setup.config.model.name,
                            setup.model->tables(),
                            &setup.data.users,
                            &setup.data.items,
                            &seen,
                            &setup.data.titles,
                            setup.model->spec().lowest,
                            setup.model->spec().highest,
                            setup.default_prediction(),
                            setup.model->bias_is_a_factor(),
                            {{"format", 2},
                             {"config", config_to_json(setup.config)},
                             {"metrics", metrics},
                             {"provenance", setup.provenance()}}});
}

ordered_json evaluate_saved(const std::string& run_or_model, const std::vector<std::string>& sets,
                            const std::string& predictions) {
  const auto report = [&](const FactorView& view, const SplitDataset& data,
                          const RunConfig& config) {
    const Evaluator evaluator(data, config);
    tell_how_read(data.read_as, ranks(config));
    ordered_json out;
    out["test"] = evaluator.evaluate(view, "test");
    out["valid"] = evaluator.evaluate(view, "valid");
    if (!predictions.empty()) write_predictions(predictions, view, data, "test");
    return out;
  };
  if (std::filesystem::is_directory(run_or_model)) {
    const RunDirectory run = RunDirectory::open(run_or_model);
    Setup setup(read_config(run.config(), sets, catalog_defaults()).config,
                Setup::Tables::kAnything);
    const auto provenance = saved_provenance(run);
    if (provenance.value("ids_crc32", "") != hex(ids_checksum(setup.data)))
      throw other_ids(run_or_model, setup.config.data.path);
    tell_of_changed_data(setup.data, provenance, run_or_model);
    load_weights(setup, run);
    const ModuleView view = setup.view();
    return report(view.view(), setup.data, setup.config);
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
  const RunConfig config =
      resolve_config(metadata["config"].dump(), run_or_model, sets, catalog_defaults()).config;
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
  Setup setup(read_config(run.config(), {}, catalog_defaults()).config,
              Setup::Tables::kAnything);
  require_same_data(setup, saved_provenance(run), directory);
  load_weights(setup, run);
  if (npz) return write_tables(setup, path);
  ordered_json metrics;
  if (std::filesystem::exists(run.metrics()))
    metrics = ordered_json::parse(read_file(run.metrics()), nullptr, false);
  write_model(setup, path, metrics);
}

}  // namespace latent
