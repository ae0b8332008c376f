// Makes a model by its name in src/config/catalog.h.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "models/recommender.h"
#include "src/config/options.h"

namespace latent {

struct ModelMaker {
  std::string name;
  std::function<Recommender(const ModelSpec&)> make;
};

const std::vector<ModelMaker>& model_registry();

/// What a model takes from its training ratings.
struct RatingSummary {
  double mean = 0, lowest = 0, highest = 0;
  int64_t rows = 0;
};

/// The spec that `config` asks for; penalties as group_penalties() has them.
ModelSpec model_spec(const RunConfig& config, int64_t users, int64_t items,
                     const RatingSummary& ratings);

Recommender make_model(const std::string& name, const ModelSpec& spec);

/// The same for a model that is trained by gradient.
std::shared_ptr<GradientModelImpl> make_gradient_model(const std::string& name,
                                                       const ModelSpec& spec);

}  // namespace latent
