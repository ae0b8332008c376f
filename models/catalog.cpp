#include "models/catalog.h"

#include <stdexcept>

namespace latent {

const std::vector<ModelInfo>& model_catalog() {
  static const std::vector<ModelInfo> rows = {
      {"mean", "always the training mean", Task::kRating, false, {}},
      {"bias_only", "alpha + beta_u + beta_i (Exercise 5.1)", Task::kRating, false, {}},
      {"latent_factor", "alpha + beta_u + beta_i + gamma_u . gamma_i", Task::kRating, true, {}},
      {"bpr",
       "beta_i + gamma_u . gamma_i, ranked against sampled negatives (Rendle et al., 2009)",
       Task::kRanking,
       true,
       {}},
  };
  return rows;
}

const ModelInfo& model_info(const std::string& name) {
  for (const ModelInfo& row : model_catalog()) {
    if (row.name == name) return row;
  }
  throw std::logic_error("model '" + name + "' is not in the catalog");
}

}  // namespace latent
