// A trained model as the file that serves it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/data/split.h"
#include "src/run/fit.h"

namespace latent {

/// How many rows of the fit each user [U] and each item [I] has.
struct RowsOfFit {
  std::vector<int32_t> users, items;
};
RowsOfFit rows_of_fit(const RunConfig& config, const SplitDataset& data, Fit fit);

/// Why a run of an item-item model has no model.pt: a sentence about `model`.
std::string not_exported(const std::string& model);

/// Files that serve a model.
enum class ModelFileKind { kTorchScript, kSafetensors };
struct ModelDestination {
  std::string path;
  ModelFileKind kind = ModelFileKind::kTorchScript;
};

/// Writes `model` to a file, with what recommend leaves out by export.seen.
void write_model(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                 Fit fit, const ModelDestination& to, const nlohmann::ordered_json& metrics);

}  // namespace latent
