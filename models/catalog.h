// The table of models: name, meaning, kind, and the defaults that a model brings. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace latent {

enum class Task { kRating, kRanking };

struct ModelInfo {
  std::string name;
  std::string meaning;
  Task task;
  bool has_factors;
  /// Knobs whose default differs from options.h for this model.
  std::vector<std::pair<std::string, nlohmann::json>> defaults;
};

const std::vector<ModelInfo>& model_catalog();

/// The row of `name`; `name` is one that the knob model.name accepts.
const ModelInfo& model_info(const std::string& name);

}  // namespace latent
