#include "models/bpr.h"

#include "models/objective.h"
#include "models/table_rows.h"

namespace latent {

using torch::Tensor;

BprImpl::BprImpl(const ModelSpec& spec)
    : GradientModelImpl(spec),
      beta_item_(make_table("beta_item", spec.items, 1)),
      gamma_user_(make_factors("gamma_user", spec.users)),
      gamma_item_(make_factors("gamma_item", spec.items)) {}

Tensor BprImpl::forward(const Tensor& users, const Tensor& items) {
  const Tensor p = rows_of(gamma_user_, users), q = rows_of(gamma_item_, items);  // [B, K]
  return beta_item_(items).squeeze(-1) + (p * q).sum(/*dim=*/-1);  // [B]
}

Tensor BprImpl::data_loss(const Batch& b) {
  const int64_t n = b.negatives.size(1);
  const Tensor users = b.users.repeat_interleave(n);                   // [B N]
  const Tensor positive = forward(b.users, b.items).repeat_interleave(n);
  return bpr_loss(positive - forward(users, b.negatives.flatten()));
}

std::vector<Penalty> BprImpl::penalties() {
  const double scale = spec_.form == Form::kTensorflow ? 0.5 : 1.0;
  return {{beta_item_->weight, scale * spec_.lambda_item_bias},
          {gamma_user_->weight, scale * spec_.lambda_factors},
          {gamma_item_->weight, scale * spec_.lambda_factors}};
}

ScoreTables BprImpl::tables() const {
  return {.alpha = {},
          .beta_user = {},
          .beta_item = beta_item_->weight,
          .gamma_user = gamma_user_->weight,
          .gamma_item = gamma_item_->weight};
}

}  // namespace latent
