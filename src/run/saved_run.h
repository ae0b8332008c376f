// What a run leaves behind, read again: for resuming, evaluating and exporting. Free of torch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/data/split.h"
#include "src/run/run_directory.h"
#include "src/run/run_state.h"

namespace latent {

/// Error when the data of the run has changed since.
void require_same_data(const RunConfig& config, const SplitDataset& data,
                       const nlohmann::json& provenance, const std::string& where);

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

enum class ExportFormat { kTorchScript, kNpz, kSafetensors };

/// Writes the model of a finished run to `path`: as a TorchScript module, its tables alone as npz,
/// or all that serves it as safetensors.
void export_run(const std::string& directory, const std::string& path,
                ExportFormat format = ExportFormat::kTorchScript);

}  // namespace latent
