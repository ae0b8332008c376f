// Models in which what a user rated may count beside how, or alone: SVD++, Bayesian matrix
// factorisation, ELSA.
#pragma once

#include "models/rating_models.h"

namespace latent {

/// r = alpha + beta_u + beta_i + (gamma_u + sum over the user's rows of implicit_item_j /
/// sqrt(count)) . gamma_i as Surprise's SVDpp starts it (Koren, KDD 2008): biases 0, all factors
/// N(init_mean, init_std). `folded_user` holds that sum, as its stepper last took it.
class SvdppImpl : public LatentFactorImpl {
 public:
  explicit SvdppImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  ScoreTables scored() const override;

  torch::Tensor implicit_item() const { return implicit_item_->weight; }  // [I, K]
  torch::Tensor folded_user() const { return folded_user_; }              // [U, K]

 private:
  torch::nn::Embedding implicit_item_{nullptr};
  torch::Tensor folded_user_;
};

/// The mean over S draws of alpha + beta_u + beta_i + gamma_u . gamma_i, with a table's columns one
/// draw after the other: gamma_user [U, S K], gamma_item [I, S K].
class BayesianMfImpl : public RecommenderImpl {
 public:
  explicit BayesianMfImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  /// Of all S draws; those that are not yet made are 0.
  ScoreTables tables() const override;
  /// Of those that are made: the mean's biases, and its factors with 1 / draws in the items'.
  ScoreTables scored() const override;
  std::optional<ScoreDraws> draws() const override;

  /// A draw's place in the tables, for the sampler.
  ScoreDraws places() const { return {beta_user_, beta_item_, variance_}; }
  /// How many draws count, from the first on.
  int64_t made() const;
  void set_made(int64_t draws);

 private:
  torch::Tensor alpha_;                    // [1]
  torch::Tensor beta_user_, beta_item_;    // [U, S], [I, S]
  torch::Tensor gamma_user_, gamma_item_;  // [U, S K], [I, S K]
  torch::Tensor variance_;                 // [S]
  torch::Tensor made_;                     // [1]
};

/// score = gamma_user . gamma_item, where an item's vector has length 1 and a user's is the sum of
/// those of their training items: the rows of X A A^T (Vancura et al., "Scalable linear shallow
/// autoencoder for collaborative filtering", RecSys 2022). The paper takes X off again, so that no
/// item speaks for itself: here a user's own training items score 1 more than there, which lists
/// never see, since they leave those out.
class ElsaImpl : public RecommenderImpl {
 public:
  explicit ElsaImpl(const ModelSpec& spec);
  torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) override;
  /// gamma_item of any length: A before its rows are normalised.
  ScoreTables tables() const override;
  ScoreTables scored() const override;

  /// The mean over rows of |normalise(x) - normalise(x A A^T - x)|^2 for a batch x [B, I] of what
  /// users have: the paper's loss but for a constant factor.
  torch::Tensor loss(const torch::Tensor& x) const;
  /// A with rows of length 1 [I, K].
  torch::Tensor normalised() const;

 private:
  torch::nn::Embedding gamma_item_{nullptr};  // [I, K]
  torch::Tensor gamma_user_;                  // [U, K], as its stepper last summed them
};

}  // namespace latent
