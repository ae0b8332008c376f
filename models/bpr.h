// Bayesian personalised ranking (Rendle et al., UAI 2009), as the notebook writes it.
#pragma once

#include "models/recommender.h"

namespace latent {

/// x_ui = beta_i + gamma_u . gamma_i; the objective compares a positive with sampled negatives.
class BprImpl : public GradientModelImpl {
 public:
  explicit BprImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  /// mean over samples and negatives of -log sigmoid(x_ui - x_uj).
  torch::Tensor data_loss(const Batch& batch) override;
  /// lambda on every table; half of it in the TensorFlow form (tf.nn.l2_loss).
  std::vector<Penalty> penalties() override;
  std::optional<LossForm> loss_form() const override { return LossForm{LossForm::kPairwise}; }
  ScoreTables tables() const override;

 private:
  torch::nn::Embedding beta_item_{nullptr};                         // [I, 1]
  torch::nn::Embedding gamma_user_{nullptr}, gamma_item_{nullptr};  // [U, K], [I, K]
};

}  // namespace latent
