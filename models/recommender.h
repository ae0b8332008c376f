// What every model is: the tables of its score, and the score itself.
//
// Dimension legend: B batch, N negatives of a sample, U users, I items, K factors.
#pragma once

#include <torch/torch.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "src/config/options.h"

namespace latent {

/// The notebook's two ways to write an objective.
enum class Form { kPytorch, kTensorflow };

/// How tables start: N(init_mean, init_std), implicit's (U(0, 1) - 1/2) / K, or U(-a, a) with
/// a = sqrt(6 / (rows + columns)) (Glorot & Bengio, 2010).
enum class Init { kNormal, kUniform, kXavier };

/// All that a model is made from.
struct ModelSpec {
  int64_t users = 0, items = 0, factors = 0;
  double mean = 0;         ///< training mean: where alpha starts
  double init_mean = 0, init_std = 1e-3;
  Init init = Init::kNormal;
  uint64_t seed = 0;
  bool filled = true;  ///< false: tables start undefined, since saved ones replace them
  Form form = Form::kPytorch;
  double lambda_user_bias = 0, lambda_item_bias = 0, lambda_factors = 0;
  /// Range that predictions are clipped to; infinite: none.
  double lowest = -std::numeric_limits<double>::infinity();
  double highest = std::numeric_limits<double>::infinity();
  bool biased = true;  ///< svd: with the mean and biases
  int64_t draws = 1;   ///< bayesian_mf: that are kept
  MfOptions mf;
  bool in_bfloat16 = false;  ///< latent_factor, bpr, mf: the factors
};

/// Samples on the model's device: int32 ids [B]; ratings [B] for a rating model, negatives [B, N]
/// for a ranking model, or [N] that all samples share. The rest is for many negatives, and may be
/// undefined.
struct Batch {
  torch::Tensor users, items, ratings, negatives;
  /// Logarithm of what a negative weighs (log-Q correction), in negatives' shape; undefined: 0.
  torch::Tensor log_weights = {};
  /// Shared negatives that a sample does without, since its user knows them: n of sample b as
  /// b N + n in int64, ascending.
  torch::Tensor excluded = {};
  torch::Tensor user_scale = {};  ///< [B, K]: factors of the users' vectors (dropout)
};

/// A regularised table: the objective holds coefficient * sum over all its entries of w^2.
struct Penalty {
  torch::Tensor table;
  double coefficient;
};

/// The parts of score = alpha + beta_user + beta_item + gamma_user . gamma_item; undefined: absent.
struct ScoreTables {
  torch::Tensor alpha;                   // [1]
  torch::Tensor beta_user, beta_item;    // [U, 1], [I, 1]
  torch::Tensor gamma_user, gamma_item;  // [U, K], [I, K]
};

/// What a model that scores by a user's own items adds to a score: the sum over the items j of u of
/// weight[j, i]. Undefined: nothing.
struct ItemItemTables {
  torch::Tensor history_start, history_item;  // [U + 1] int64; [pairs] int32, ascending for a user
  torch::Tensor start, item;  // of sparse rows: [I + 1] int64; [N] int32, ascending; or undefined
  torch::Tensor weight;       // [N] of those, else [I, I]
};

/// Draws of a score: that of draw s is alpha + beta_user[u, s] + beta_item[i, s] + S times the
/// product of the K / S columns of ScoreTables' factors that are draw s's. `variance` is that of
/// its noise.
struct ScoreDraws {
  torch::Tensor beta_user, beta_item, variance;  // [U, S], [I, S], [S]
};

class RecommenderImpl : public torch::nn::Module {
 public:
  explicit RecommenderImpl(const ModelSpec& spec) : spec_(spec) {}

  /// Scores of pairs: ids [B] x [B] -> [B].
  virtual torch::Tensor forward(const torch::Tensor& users, const torch::Tensor& items) = 0;
  /// The parameters that training moves.
  virtual ScoreTables tables() const = 0;
  /// What evaluation, export and serving see: tables whose formula is the score. A model whose
  /// parameters are not yet those (normalised rows, sums over a user's items) folds them here.
  virtual ScoreTables scored() const { return tables(); }

  virtual ItemItemTables item_items() const { return {}; }

  /// What the score is the mean of; none: there is but one.
  virtual std::optional<ScoreDraws> draws() const { return std::nullopt; }

  /// The rating of a pair whose score is exactly 0, because nothing is known of it; none: 0.
  virtual std::optional<double> default_prediction() const { return std::nullopt; }
  /// Whether similarities of items take beta_item for one more factor, beside users' constant 1.
  virtual bool bias_is_a_factor() const { return false; }

  const ModelSpec& spec() const { return spec_; }

 protected:
  /// [rows, columns], from the stream of `name`.
  torch::Tensor initial_values(const std::string& name, int64_t rows, int64_t columns) const;
  /// An embedding registered as `name` and filled from the stream of that name.
  torch::nn::Embedding make_table(const std::string& name, int64_t rows, int64_t columns);
  /// The same [rows, K], which spec().in_bfloat16 keeps in bfloat16; rows_of() reads it.
  torch::nn::Embedding make_factors(const std::string& name, int64_t rows);
  torch::Tensor make_alpha();  // [1]

  ModelSpec spec_;
};

using Recommender = std::shared_ptr<RecommenderImpl>;

/// What an objective measures, where it is a mean over the batch of the score of tables() alone:
/// `scale` times (score - rating)^2, or softplus(-(score(u, i) - score(u, j))) (Rendle et al.,
/// 2009).
struct LossForm {
  enum Kind { kSquaredError, kPairwise } kind;
  double scale = 1;
};

/// A model that autograd and an optimizer train.
class GradientModelImpl : public RecommenderImpl {
 public:
  using RecommenderImpl::RecommenderImpl;

  /// The objective without its penalty, a mean over the batch.
  virtual torch::Tensor data_loss(const Batch& batch) = 0;
  virtual std::vector<Penalty> penalties() = 0;
  /// data_loss() in a form that needs no forward(); none: only data_loss() says what it is.
  virtual std::optional<LossForm> loss_form() const { return std::nullopt; }

  /// The penalty with its graph, as the notebook's reg(). Training adds its exact gradient 2 c w in
  /// the optimizer instead.
  torch::Tensor reg();
  /// The whole objective of a batch, as the notebook's loss().
  torch::Tensor loss(const Batch& batch) { return data_loss(batch) + reg(); }
};

}  // namespace latent
