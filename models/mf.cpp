#include "models/mf.h"

#include "models/mf_losses.h"
#include "models/table_rows.h"
#include "src/base/error.h"
#include "src/config/mf_settings.h"

namespace latent {

using torch::Tensor;

namespace {

namespace F = torch::nn::functional;

Tensor normalised(const Tensor& rows) {
  return F::normalize(rows, F::NormalizeFuncOptions().p(2).dim(-1));
}

}  // namespace

MfImpl::MfImpl(const ModelSpec& spec)
    : GradientModelImpl(spec),
      cosine_(is_cosine(spec.mf)),
      gamma_user_(make_factors("gamma_user", spec.users)),
      gamma_item_(make_factors("gamma_item", spec.items)) {
  if (spec.mf.bias) beta_item_ = make_table("beta_item", spec.items, 1);
  if (spec.mf.loss != "sl_at_k") return;
  if (spec.mf.at_k > spec.items)
    throw Error("mf.at_k = " + std::to_string(spec.mf.at_k) + ", but the data has " +
                std::to_string(spec.items) + " items; lower it");
  thresholds_ = register_buffer("thresholds", torch::zeros({spec.users}));
}

Tensor MfImpl::direction(const Tensor& rows) const { return cosine_ ? normalised(rows) : rows; }

/// `scores` in the shape of `items`, or with a row for each sample.
Tensor MfImpl::biased(const Tensor& scores, const Tensor& items) {
  return beta_item_ ? scores + beta_item_(items).squeeze(-1) : scores;
}

Tensor MfImpl::forward(const Tensor& users, const Tensor& items) {
  const Tensor p = direction(rows_of(gamma_user_, users));  // [B, K]
  const Tensor q = direction(rows_of(gamma_item_, items));
  return biased((p * q).sum(/*dim=*/-1), items);  // [B]
}

Tensor MfImpl::weights(const Batch& b, const Tensor& scores) const {
  Tensor out = b.log_weights.defined() ? b.log_weights.to(scores.scalar_type()).exp()
                                       : torch::ones_like(b.negatives, scores.options());
  if (out.dim() == 1) out = out.unsqueeze(0);  // [1, N]
  if (!b.excluded.defined()) return out.detach();
  return out.expand_as(scores).contiguous().view(-1).index_fill(0, b.excluded, 0).view_as(scores)
      .detach();
}

Tensor MfImpl::data_loss(const Batch& b) {
  Tensor rows = rows_of(gamma_user_, b.users);
  if (b.user_scale.defined()) rows = rows * b.user_scale;
  if (spec_.mf.loss == "directau")
    return directau_loss(normalised(rows), normalised(rows_of(gamma_item_, b.items)),
                         spec_.mf.gamma);
  const Tensor u = direction(rows), i = direction(rows_of(gamma_item_, b.items));  // [B, K]
  const Tensor j = direction(rows_of(gamma_item_, b.negatives));  // [N, K] or [B, N, K]
  NegativeScores scores;
  scores.positive = biased((u * i).sum(/*dim=*/-1), b.items);  // [B]
  const bool shared = b.negatives.dim() == 1;
  scores.negative = biased(shared ? torch::matmul(u, j.t()) : (u.unsqueeze(1) * j).sum(/*dim=*/-1),
                           b.negatives);  // [B, N]
  scores.weight = weights(b, scores.negative);
  scores.users = b.users;
  scores.all_users = spec_.users;
  if (thresholds_.defined()) scores.thresholds = thresholds_.index_select(0, b.users);
  return many_negatives_loss(scores, spec_.mf);
}

std::vector<Penalty> MfImpl::penalties() {
  const double scale = spec_.form == Form::kTensorflow ? 0.5 : 1.0;
  std::vector<Penalty> out = {{gamma_user_->weight, scale * spec_.lambda_factors},
                              {gamma_item_->weight, scale * spec_.lambda_factors}};
  if (beta_item_) out.push_back({beta_item_->weight, scale * spec_.lambda_item_bias});
  return out;
}

ScoreTables MfImpl::tables() const {
  return {.alpha = {},
          .beta_user = {},
          .beta_item = beta_item_ ? beta_item_->weight : Tensor(),
          .gamma_user = gamma_user_->weight,
          .gamma_item = gamma_item_->weight};
}

ScoreTables MfImpl::scored() const {
  ScoreTables out = tables();
  if (!cosine_) return out;
  const torch::NoGradGuard no_grad;
  out.gamma_user = normalised(in_floats(out.gamma_user));
  out.gamma_item = normalised(in_floats(out.gamma_item));
  return out;
}

}  // namespace latent
