#include "src/config/catalog.h"

#include <stdexcept>

namespace latent {

const std::vector<ModelInfo>& model_catalog() {
  using Defaults = std::vector<std::pair<std::string, nlohmann::json>>;
  constexpr bool kFactors = true, kClips = true;
  static const std::vector<ModelInfo> rows = {
      {"mean", "always the training mean", Task::kRating, !kFactors, Trained::kNot, !kClips, {}},
      {"bias_only", "alpha + beta_u + beta_i (Exercise 5.1)", Task::kRating, !kFactors,
       Trained::kByGradient, !kClips, {}},
      {"latent_factor", "alpha + beta_u + beta_i + gamma_u . gamma_i", Task::kRating, kFactors,
       Trained::kByGradient, !kClips, {}},
      {"bpr", "beta_i + gamma_u . gamma_i, ranked against sampled negatives (Rendle et al., 2009)",
       Task::kRanking, kFactors, Trained::kByGradient, !kClips, {}},
      {"baseline", "alpha + beta_u + beta_i by alternating least squares (Surprise's BaselineOnly)",
       Task::kRating, !kFactors, Trained::kBySolver, kClips,
       Defaults{{"train.epochs", 10}}},
      {"svd", "alpha + beta_u + beta_i + gamma_u . gamma_i by SGD (Surprise's SVD)", Task::kRating,
       kFactors, Trained::kBySolver, kClips,
       Defaults{{"model.factors", 100},
                {"model.init_std", 0.1},
                {"train.epochs", 20},
                {"train.lr", 0.005},
                {"train.lambda", 0.02}}},
      {"implicit_bpr", "beta_i + gamma_u . gamma_i by SGD (implicit's BayesianPersonalizedRanking)",
       Task::kRanking, kFactors, Trained::kBySolver, !kClips,
       Defaults{{"model.factors", 100},
                {"train.epochs", 100},
                {"train.lr", 0.01},
                {"train.lambda", 0.01}}},
      {"ials", "gamma_u . gamma_i by alternating least squares over all pairs (Hu et al., 2008)",
       Task::kRanking, kFactors, Trained::kBySolver, !kClips,
       Defaults{{"model.factors", 64}, {"model.init_std", 0.1}, {"train.epochs", 16}}},
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
