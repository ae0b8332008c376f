#include "src/run/saved_run.h"

#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/config/catalog.h"
#include "src/export/tables_file.h"
#include "src/run/loaded_run.h"
#include "src/run/model_for_data.h"
#include "src/run/warm_start.h"
#include "src/run/write_model.h"

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

void export_run(const std::string& directory, const std::string& path, ExportFormat format) {
  const RunDirectory run = RunDirectory::open(directory);
  tell_if_unfinished(run);
  const RunConfig config = read_config(run.config(), {}).config;
  if (model_info(config.model.name).item_item)
    throw Error(directory + ": " + not_exported(config.model.name));
  const Fit fit = config.exporting.fit == "all" ? Fit::kAll : Fit::kTested;
  LoadedRun saved(run, {}, fit);
  require_same_data(saved.config, saved.data, saved_provenance(run), directory);
  saved.load_weights(run);
  if (format == ExportFormat::kNpz) {
    const bool leaked = fit == Fit::kAll || config.train.rows == "all" ||
                        saved_provenance(run).value("leaked", false);
    return write_tables(saved.config, saved.data, *saved.model, path,
                        trained_on(saved.data, leaked));
  }
  ordered_json metrics;
  if (std::filesystem::exists(run.metrics())) {
    metrics = json_of<ordered_json>(read_file(run.metrics()));
    if (!metrics.is_object())
      throw Error(run.metrics() + ": damaged; make it anew with: latent train --resume " + directory);
  }
  if (const auto step = unfinished_step(run)) metrics["unfinished_step"] = *step;
  const auto kind = format == ExportFormat::kSafetensors ? ModelFileKind::kSafetensors
                                                         : ModelFileKind::kTorchScript;
  write_model(saved.config, saved.data, *saved.model, fit, {path, kind}, metrics);
}

}  // namespace latent
