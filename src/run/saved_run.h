// What a run leaves behind, read again: for resuming, evaluating and exporting. Free of torch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/data/split.h"
#include "src/run/run_directory.h"

namespace latent {

/// Error when the data of the run has changed since.
void require_same_data(const RunConfig& config, const SplitDataset& data,
                       const nlohmann::json& provenance, const std::string& where);

/// "provenance" of the run's config.json.
nlohmann::json saved_provenance(const RunDirectory& run);

/// The step that a run which is not finished has reached, 0 without a checkpoint; nothing for a
/// finished one.
std::optional<int64_t> unfinished_step(const RunDirectory& run);

/// Says on stderr that the run was interrupted (or is being trained), where it was: what it holds
/// is not its end.
void tell_if_unfinished(const RunDirectory& run);

/// Predictions of a part ("train", "valid", "test") to write; an empty path: none.
struct PredictionsRequest {
  std::string path, part = "test";
};

struct EvaluateRequest {
  std::string run_or_model;       ///< a directory or a file
  std::vector<std::string> sets;  ///< key=value
  PredictionsRequest predictions = {};
  std::string data = {};  ///< a later file; empty: the data that its config names
};

/// Metrics of a run or of an exported model. Of a later file all rows are the test part; a model
/// file needs no other data then.
nlohmann::ordered_json evaluate_saved(const EvaluateRequest& request);

/// Writes the model of a finished run to `path`: as a TorchScript module, or its tables as npz.
void export_run(const std::string& directory, const std::string& path, bool npz = false);

}  // namespace latent
