#include "models/solved_models.h"

#include <cmath>

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

SvdImpl::SvdImpl(const ModelSpec& spec)
    : LatentFactorImpl(zero_mean(spec)), training_mean_(spec.mean) {
  const torch::NoGradGuard no_grad;
  beta_user_->weight.zero_();
  beta_item_->weight.zero_();
}

std::optional<double> SvdImpl::default_prediction() const {
  if (spec_.biased) return std::nullopt;
  return training_mean_;
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

ScoreTables ImplicitAlsImpl::tables() const {
  return {.alpha = {},
          .beta_user = {},
          .beta_item = {},
          .gamma_user = gamma_user_->weight,
          .gamma_item = gamma_item_->weight};
}

}  // namespace latent
