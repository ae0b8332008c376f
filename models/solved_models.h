// Models that solvers train: Surprise's BaselineOnly and SVD, implicit's BPR and ALS.
#pragma once

#include "models/bpr.h"
#include "models/rating_models.h"

namespace latent {

/// r = alpha + beta_u + beta_i, biases from 0 (Koren, "Factor in the neighbors", 2010,
/// section 2.1).
class BaselineImpl : public BiasOnlyImpl {
 public:
  explicit BaselineImpl(const ModelSpec& spec);
};

/// r = alpha + beta_u + beta_i + gamma_u . gamma_i as Surprise's SVD starts it (Koren, Bell &
/// Volinsky, "Matrix factorization techniques for recommender systems", 2009): biases 0, factors
/// N(init_mean, init_std); without biases alpha and both betas stay 0.
class SvdImpl : public LatentFactorImpl {
 public:
  explicit SvdImpl(const ModelSpec& spec);
  /// Without biases: the training mean, as Surprise predicts for a user or item without ratings.
  std::optional<double> default_prediction() const override;

 private:
  double training_mean_;
};

/// BPR as implicit starts it: every entry (U(0, 1) - 1/2) / K. Users carry a constant 1 beside the
/// items' bias, so that it is a factor like the others.
class ImplicitBprImpl : public BprImpl {
 public:
  explicit ImplicitBprImpl(const ModelSpec& spec);
  bool bias_is_a_factor() const override { return true; }
};

/// x_ui = gamma_u . gamma_i, which is to be 1 where u has i and 0 elsewhere (Hu, Koren & Volinsky,
/// "Collaborative filtering for implicit feedback datasets", 2008). Factors start as
/// N(0, init_std / sqrt(K)).
class ImplicitAlsImpl : public RecommenderImpl {
 public:
  explicit ImplicitAlsImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  ScoreTables tables() const override;

 private:
  torch::nn::Embedding gamma_user_{nullptr}, gamma_item_{nullptr};  // [U, K], [I, K]
};

}  // namespace latent
