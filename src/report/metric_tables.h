// Metrics as tables for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace latent {

/// The metrics of a run: a column for each part, baselines beside.
std::string metric_table(const nlohmann::ordered_json& metrics);

/// The result of cross_validate(): a column a fold, mean and sd.
std::string crossval_table(const nlohmann::ordered_json& result);

}  // namespace latent
