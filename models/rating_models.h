// Models of ratings: the mean, biases alone (Exercise 5.1), and the latent factor model.
#pragma once

#include "models/recommender.h"

namespace latent {

/// r = alpha, the training mean; nothing is trained.
class MeanImpl : public RecommenderImpl {
 public:
  explicit MeanImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  ScoreTables tables() const override;

 private:
  torch::Tensor alpha_;  // [1]
};

/// r = alpha + beta_u + beta_i.
class BiasOnlyImpl : public GradientModelImpl {
 public:
  explicit BiasOnlyImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  /// mean (p - r)^2, halved in the TensorFlow form (tf.nn.l2_loss).
  torch::Tensor data_loss(const Batch& batch) override;
  std::vector<Penalty> penalties() override;
  std::optional<LossForm> loss_form() const override;
  ScoreTables tables() const override;

 protected:
  torch::Tensor alpha_;                                           // [1]
  torch::nn::Embedding beta_user_{nullptr}, beta_item_{nullptr};  // [U, 1], [I, 1]
};

/// r = alpha + beta_u + beta_i + gamma_u . gamma_i.
class LatentFactorImpl : public BiasOnlyImpl {
 public:
  explicit LatentFactorImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  std::vector<Penalty> penalties() override;
  ScoreTables tables() const override;

 private:
  torch::nn::Embedding gamma_user_{nullptr}, gamma_item_{nullptr};  // [U, K], [I, K]
};

}  // namespace latent
