#include "models/rating_models.h"

#include "models/objective.h"
#include "models/table_rows.h"

namespace latent {

using torch::Tensor;

MeanImpl::MeanImpl(const ModelSpec& spec) : RecommenderImpl(spec), alpha_(make_alpha()) {}

Tensor MeanImpl::forward(const Tensor& users, const Tensor&) {
  return for_each_sample(alpha_, users.size(0));
}

ScoreTables MeanImpl::tables() const {
  return {.alpha = alpha_, .beta_user = {}, .beta_item = {}, .gamma_user = {}, .gamma_item = {}};
}

BiasOnlyImpl::BiasOnlyImpl(const ModelSpec& spec)
    : GradientModelImpl(spec),
      alpha_(make_alpha()),
      beta_user_(make_table("beta_user", spec.users, 1)),
      beta_item_(make_table("beta_item", spec.items, 1)) {}

Tensor BiasOnlyImpl::forward(const Tensor& users, const Tensor& items) {
  return for_each_sample(alpha_, users.size(0)) + beta_user_(users).squeeze(-1) +
         beta_item_(items).squeeze(-1);  // [B]
}

Tensor BiasOnlyImpl::data_loss(const Batch& b) {
  return mean_squared_error(forward(b.users, b.items), b.ratings) * loss_form()->scale;
}

std::optional<LossForm> BiasOnlyImpl::loss_form() const {
  return LossForm{LossForm::kSquaredError, spec_.form == Form::kTensorflow ? 0.5 : 1.0};
}

std::vector<Penalty> BiasOnlyImpl::penalties() {
  return {{beta_user_->weight, spec_.lambda_user_bias},
          {beta_item_->weight, spec_.lambda_item_bias}};
}

ScoreTables BiasOnlyImpl::tables() const {
  return {.alpha = alpha_,
          .beta_user = beta_user_->weight,
          .beta_item = beta_item_->weight,
          .gamma_user = {},
          .gamma_item = {}};
}

LatentFactorImpl::LatentFactorImpl(const ModelSpec& spec)
    : BiasOnlyImpl(spec),
      gamma_user_(make_factors("gamma_user", spec.users)),
      gamma_item_(make_factors("gamma_item", spec.items)) {}

Tensor LatentFactorImpl::forward(const Tensor& users, const Tensor& items) {
  const Tensor p = rows_of(gamma_user_, users), q = rows_of(gamma_item_, items);  // [B, K]
  return BiasOnlyImpl::forward(users, items) + (p * q).sum(/*dim=*/-1);  // [B]
}

std::vector<Penalty> LatentFactorImpl::penalties() {
  auto all = BiasOnlyImpl::penalties();
  all.push_back({gamma_user_->weight, spec_.lambda_factors});
  all.push_back({gamma_item_->weight, spec_.lambda_factors});
  return all;
}

ScoreTables LatentFactorImpl::tables() const {
  ScoreTables t = BiasOnlyImpl::tables();
  t.gamma_user = gamma_user_->weight;
  t.gamma_item = gamma_item_->weight;
  return t;
}

}  // namespace latent
