#include "src/run/saved_run.h"

#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/export/tables_file.h"
#include "src/run/loaded_run.h"
#include "src/run/model_for_data.h"
#include "src/run/warm_start.h"
#include "src/run/write_model.h"
#include "src/train/checkpoint.h"

namespace latent {

using nlohmann::ordered_json;

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

std::optional<int64_t> unfinished_step(const RunDirectory& run) {
  const FitSteps reached = {CheckpointFolder(run.checkpoints()).newest_step(),
                            CheckpointFolder(run.refit_checkpoints()).newest_step(),
                            CheckpointFolder(run.final_checkpoints()).newest_step()};
  if (std::filesystem::exists(run.metrics())) {
    // metrics.json is written last, but a run may have gone on since.
    const auto metrics = ordered_json::parse(read_file(run.metrics()), nullptr, false);
    const auto told = [&](const char* section) {
      return metrics.is_object() && metrics.contains(section)
                 ? metrics[section].value("steps", int64_t{0})
                 : int64_t{0};
    };
    if (told("train") == reached.first + reached.refit && told("export") == reached.final)
      return std::nullopt;
  }
  return reached.final > 0 ? reached.final : reached.refit > 0 ? reached.refit : reached.first;
}

void tell_if_unfinished(const RunDirectory& run) {
  const std::optional<int64_t> reached = unfinished_step(run);
  if (!reached) return;
  const int64_t newest = *reached;
  say(run.path() + ": this run is not finished" +
      (newest > 0 ? " (its newest checkpoint is of step " + std::to_string(newest) + ")" : "") +
      "; go on with: latent train --resume " + run.path());
}

void export_run(const std::string& directory, const std::string& path, bool npz) {
  const RunDirectory run = RunDirectory::open(directory);
  tell_if_unfinished(run);
  const RunConfig config = read_config(run.config(), {}).config;
  if (model_info(config.model.name).item_item)
    throw Error(directory + ": " + not_exported(config.model.name));
  const Fit fit = config.exporting.fit == "all" ? Fit::kAll : Fit::kTested;
  LoadedRun saved(run, {}, fit);
  require_same_data(saved.config, saved.data, saved_provenance(run), directory);
  saved.load_weights(run);
  if (npz) {
    const bool leaked = fit == Fit::kAll || config.train.rows == "all" ||
                        saved_provenance(run).value("leaked", false);
    return write_tables(saved.config, saved.data, *saved.model, path,
                        trained_on(saved.data, leaked));
  }
  ordered_json metrics;
  if (std::filesystem::exists(run.metrics()))
    metrics = ordered_json::parse(read_file(run.metrics()), nullptr, false);
  if (const auto step = unfinished_step(run)) metrics["unfinished_step"] = *step;
  write_model(saved.config, saved.data, *saved.model, fit, path, metrics);
}

}  // namespace latent
