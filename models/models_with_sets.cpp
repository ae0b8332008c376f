#include "models/models_with_sets.h"

namespace latent {

namespace {

using torch::Tensor;

/// Rows of length 1; those of length 0 stay.
Tensor unit_rows(const Tensor& x) {
  return x / x.norm(2, /*dim=*/1, /*keepdim=*/true).clamp_min(1e-12);
}

}  // namespace

SvdppImpl::SvdppImpl(const ModelSpec& spec)
    : LatentFactorImpl(spec),
      implicit_item_(make_table("implicit_item", spec.items, spec.factors)),
      folded_user_(register_parameter("folded_user", tables().gamma_user.detach().clone())) {
  const torch::NoGradGuard no_grad;
  beta_user_->weight.zero_();
  beta_item_->weight.zero_();
}

Tensor SvdppImpl::forward(const Tensor& users, const Tensor& items) {
  const Tensor p = folded_user_.index({users}), q = tables().gamma_item.index({items});  // [B, K]
  return BiasOnlyImpl::forward(users, items) + (p * q).sum(/*dim=*/-1);                   // [B]
}

ScoreTables SvdppImpl::scored() const {
  ScoreTables out = tables();
  out.gamma_user = folded_user_;
  return out;
}

BayesianMfImpl::BayesianMfImpl(const ModelSpec& spec)
    : RecommenderImpl(spec), alpha_(make_alpha()) {
  const int64_t columns = spec.draws * spec.factors;
  const auto table = [&](const char* name, int64_t rows, int64_t width) {
    return register_parameter(name, torch::zeros({rows, width}));
  };
  beta_user_ = table("beta_user_draws", spec.users, spec.draws);
  beta_item_ = table("beta_item_draws", spec.items, spec.draws);
  gamma_user_ = table("gamma_user", spec.users, columns);
  gamma_item_ = table("gamma_item", spec.items, columns);
  variance_ = register_parameter("noise_variance", torch::zeros({spec.draws}));
  made_ = register_parameter("draws", torch::ones({1}));
}

int64_t BayesianMfImpl::made() const { return static_cast<int64_t>(made_.item<double>()); }

void BayesianMfImpl::set_made(int64_t draws) {
  const torch::NoGradGuard no_grad;
  made_.fill_(static_cast<double>(draws));
}

Tensor BayesianMfImpl::forward(const Tensor& users, const Tensor& items) {
  const int64_t draws = made();
  const auto rows = [&](const Tensor& table, const Tensor& ids, int64_t columns) {
    return table.index({ids}).narrow(/*dim=*/1, 0, columns);
  };
  const Tensor biases = rows(beta_user_, users, draws) + rows(beta_item_, items, draws);  // [B, S]
  const int64_t columns = draws * spec_.factors;
  const Tensor products =
      (rows(gamma_user_, users, columns) * rows(gamma_item_, items, columns)).sum(/*dim=*/-1);
  return alpha_ + biases.mean(/*dim=*/-1) + products / static_cast<double>(draws);  // [B]
}

ScoreTables BayesianMfImpl::tables() const {
  return {.alpha = alpha_,
          .beta_user = beta_user_,
          .beta_item = beta_item_,
          .gamma_user = gamma_user_,
          .gamma_item = gamma_item_};
}

ScoreTables BayesianMfImpl::scored() const {
  const int64_t draws = made(), columns = draws * spec_.factors;
  const auto mean = [&](const Tensor& table) {
    return table.detach().narrow(/*dim=*/1, 0, draws).mean(/*dim=*/1, /*keepdim=*/true);
  };
  const auto of_draws = [&](const Tensor& table) {
    return table.detach().narrow(/*dim=*/1, 0, columns);
  };
  return {.alpha = alpha_,
          .beta_user = mean(beta_user_),
          .beta_item = mean(beta_item_),
          .gamma_user = of_draws(gamma_user_).contiguous(),
          .gamma_item = of_draws(gamma_item_) / static_cast<double>(draws)};
}

std::optional<ScoreDraws> BayesianMfImpl::draws() const {
  const int64_t draws = made();
  return ScoreDraws{beta_user_.detach().narrow(/*dim=*/1, 0, draws),
                    beta_item_.detach().narrow(/*dim=*/1, 0, draws),
                    variance_.detach().narrow(/*dim=*/0, 0, draws)};
}

ElsaImpl::ElsaImpl(const ModelSpec& spec)
    : RecommenderImpl(spec),
      gamma_item_(make_table("gamma_item", spec.items, spec.factors)),
      gamma_user_(
          register_parameter("gamma_user", torch::zeros({spec.users, spec.factors}))) {}

Tensor ElsaImpl::forward(const Tensor& users, const Tensor& items) {
  return (gamma_user_.index({users}) * normalised().index({items})).sum(/*dim=*/-1);  // [B]
}

Tensor ElsaImpl::normalised() const { return unit_rows(gamma_item_->weight); }

Tensor ElsaImpl::loss(const Tensor& x) const {
  const Tensor a = normalised();                     // [I, K]
  const Tensor y = x.matmul(a).matmul(a.t()) - x;    // [B, I]
  return (unit_rows(x) - unit_rows(y)).square().sum() / x.size(0);
}

ScoreTables ElsaImpl::tables() const {
  return {.alpha = {},
          .beta_user = {},
          .beta_item = {},
          .gamma_user = gamma_user_,
          .gamma_item = gamma_item_->weight};
}

ScoreTables ElsaImpl::scored() const {
  ScoreTables out = tables();
  out.gamma_item = normalised().detach();
  return out;
}

}  // namespace latent
