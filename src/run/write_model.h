// A trained model as the file that serves it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// Writes `model` as TorchScript to `path`. `seen`: items of train and valid.
void write_model(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                 const UserItems& seen, const std::string& path,
                 const nlohmann::ordered_json& metrics);

}  // namespace latent
