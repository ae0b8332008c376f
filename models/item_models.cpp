#include "models/item_models.h"

namespace latent {

using torch::indexing::Slice;
using torch::Tensor;

PopularityImpl::PopularityImpl(const ModelSpec& spec)
    : RecommenderImpl(spec), beta_item_(make_table("beta_item", spec.items, 1)) {
  const torch::NoGradGuard no_grad;
  beta_item_->weight.zero_();
}

Tensor PopularityImpl::forward(const Tensor&, const Tensor& items) {
  return beta_item_(items).squeeze(-1);  // [B]
}

ScoreTables PopularityImpl::tables() const {
  return {.alpha = {},
          .beta_user = {},
          .beta_item = beta_item_->weight,
          .gamma_user = {},
          .gamma_item = {}};
}

ItemMeanImpl::ItemMeanImpl(const ModelSpec& spec)
    : RecommenderImpl(spec),
      alpha_(make_alpha()),
      beta_item_(make_table("beta_item", spec.items, 1)) {
  const torch::NoGradGuard no_grad;
  beta_item_->weight.zero_();
}

Tensor ItemMeanImpl::forward(const Tensor&, const Tensor& items) {
  return alpha_ + beta_item_(items).squeeze(-1);  // [B]
}

ScoreTables ItemMeanImpl::tables() const {
  return {.alpha = alpha_,
          .beta_user = {},
          .beta_item = beta_item_->weight,
          .gamma_user = {},
          .gamma_item = {}};
}

Tensor ItemItemImpl::forward(const Tensor& users, const Tensor& items) {
  const ItemItemTables& t = item_items_;
  Tensor out = torch::zeros({users.size(0)});  // [B]
  for (int64_t b = 0; b < users.size(0); ++b) {
    const auto u = users[b].item<int64_t>(), i = items[b].item<int64_t>();
    const Slice own(t.history_start[u].item<int64_t>(), t.history_start[u + 1].item<int64_t>());
    const Tensor history = t.history_item.index({own});  // [the user's items]
    for (int64_t h = 0; h < history.size(0); ++h) {
      const auto j = history[h].item<int64_t>();
      if (!t.start.defined()) {
        out[b] += t.weight[j][i];
        continue;
      }
      const Slice row(t.start[j].item<int64_t>(), t.start[j + 1].item<int64_t>());
      out[b] += t.weight.index({row}).masked_select(t.item.index({row}) == i).sum();
    }
  }
  return out;
}

}  // namespace latent
