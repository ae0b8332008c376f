// The table of models: name, meaning, kind, and the defaults that a model brings. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace latent {

enum class Task { kRating, kRanking };

/// What trains a model: autograd and an optimizer, a solver that passes over the rows, or nothing.
enum class Trained { kByGradient, kBySolver, kNot };

struct ModelInfo {
  std::string name;
  std::string meaning;
  Task task;
  bool has_factors;
  Trained trained;
  bool clips;  ///< predictions stay in the range of the ratings though data.rating_scale is not set
  /// Knobs whose default differs from options.h for this model.
  std::vector<std::pair<std::string, nlohmann::json>> defaults;
};

const std::vector<ModelInfo>& model_catalog();

/// The row of `name`; `name` is one that the knob model.name accepts.
const ModelInfo& model_info(const std::string& name);

}  // namespace latent
