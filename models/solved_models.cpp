#include "models/solved_models.h"

#include <cmath>

#include "models/objective.h"

namespace latent {

namespace {

using torch::Tensor;

ModelSpec zero_mean(ModelSpec spec) {
  if (!spec.biased) spec.mean = 0;
  return spec;
}

ModelSpec uniform(ModelSpec spec) {
  spec.init = Init::kUniform;
  return spec;
}

ModelSpec scaled(ModelSpec spec) {
  spec.init_std /= std::sqrt(static_cast<double>(spec.factors));
  return spec;
}

}  // namespace

BaselineImpl::BaselineImpl(const ModelSpec& spec) : BiasOnlyImpl(spec) {
  const torch::NoGradGuard no_grad;
  beta_user_->weight.zero_();
  beta_item_->weight.zero_();
}

SvdImpl::SvdImpl(const ModelSpec& spec) : LatentFactorImpl(zero_mean(spec)) {
  const torch::NoGradGuard no_grad;
  beta_user_->weight.zero_();
  beta_item_->weight.zero_();
}

ImplicitBprImpl::ImplicitBprImpl(const ModelSpec& spec) : BprImpl(uniform(spec)) {}

ImplicitAlsImpl::ImplicitAlsImpl(const ModelSpec& spec)
    : RecommenderImpl(scaled(spec)),
      gamma_user_(make_table("gamma_user", spec.users, spec.factors)),
      gamma_item_(make_table("gamma_item", spec.items, spec.factors)) {}

Tensor ImplicitAlsImpl::forward(const Tensor& users, const Tensor& items) {
  const Tensor p = gamma_user_(users), q = gamma_item_(items);  // [B, K]
  return (p * q).sum(/*dim=*/-1);                               // [B]
}

Tensor ImplicitAlsImpl::data_loss(const Batch& b) {
  const Tensor score = forward(b.users, b.items);  // [B]
  return mean_squared_error(score, torch::ones_like(score));
}

std::vector<Penalty> ImplicitAlsImpl::penalties() {
  return {{gamma_user_->weight, spec_.lambda_factors}, {gamma_item_->weight, spec_.lambda_factors}};
}

ScoreTables ImplicitAlsImpl::tables() const {
  return {.alpha = {},
          .beta_user = {},
          .beta_item = {},
          .gamma_user = gamma_user_->weight,
          .gamma_item = gamma_item_->weight};
}

}  // namespace latent
