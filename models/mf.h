// Matrix factorisation for rankings under the losses of today's papers: each positive against many
// negatives.
#pragma once

#include "models/recommender.h"

namespace latent {

/// x_ui = gamma_u . gamma_i (+ beta_i), or the cosine of the two. mf_losses.h has the losses.
class MfImpl : public GradientModelImpl {
 public:
  explicit MfImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  torch::Tensor data_loss(const Batch& batch) override;
  /// lambda on every table; half of it in the TensorFlow form (tf.nn.l2_loss).
  std::vector<Penalty> penalties() override;
  ScoreTables tables() const override;
  /// Of cosines: the same tables with rows of length 1.
  ScoreTables scored() const override;

  bool cosine() const { return cosine_; }
  /// [U]: what each user's K-th highest score was when it was last estimated; of mf.loss sl_at_k.
  torch::Tensor& thresholds() { return thresholds_; }

 private:
  /// Rows of the score: of length 1 for cosines.
  torch::Tensor direction(const torch::Tensor& rows) const;
  torch::Tensor biased(const torch::Tensor& scores, const torch::Tensor& items);
  torch::Tensor weights(const Batch& batch, const torch::Tensor& scores) const;

  bool cosine_;
  torch::nn::Embedding gamma_user_{nullptr}, gamma_item_{nullptr};  // [U, K], [I, K]
  torch::nn::Embedding beta_item_{nullptr};                         // [I, 1], of mf.bias
  torch::Tensor thresholds_;
};

}  // namespace latent
