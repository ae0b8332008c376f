#include "src/train/ordered_batch.h"

namespace latent {

using torch::Tensor;

namespace {

/// The places of excluded negatives of samples that have moved: `by_user` [B] says from where.
Tensor moved(const Tensor& excluded, const Tensor& by_user, int64_t negatives) {
  if (!excluded.defined()) return excluded;
  const Tensor to = torch::argsort(by_user);
  const Tensor sample = excluded.div(negatives, "floor");
  const Tensor column = excluded - sample * negatives;
  return std::get<0>(torch::sort(to.index_select(0, sample) * negatives + column));
}

}  // namespace

OrderedBatch in_user_order(const OrderedBatch& b) {
  if (b.item_order.defined()) return b;
  const torch::NoGradGuard no_grad;
  const auto order_of = [](const Tensor& keys) {
    return torch::argsort(keys, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  };
  const Tensor by_user = order_of(b.users);
  const auto picked = [&](const Tensor& t) { return t.defined() ? t.index_select(0, by_user) : t; };
  const bool shared = b.negatives.defined() && b.negatives.dim() == 1;
  OrderedBatch out(Batch{picked(b.users), picked(b.items), picked(b.ratings),
                         shared ? b.negatives : picked(b.negatives)});
  out.log_weights = shared ? b.log_weights : picked(b.log_weights);
  if (shared) out.excluded = moved(b.excluded, by_user, b.negatives.size(0));
  out.user_scale = picked(b.user_scale);
  const Tensor items =
      b.negatives.defined() ? torch::cat({out.items, out.negatives.flatten()}) : out.items;
  const Tensor by_item = order_of(items);  // in full: item_shift 0
  out.sorted_items = items.index_select(0, by_item);
  out.item_order = by_item.to(torch::kInt32);
  return out;
}

OrderedBatch wrapped(SampleBatch& samples) {
  const auto wrap = [](auto& values, torch::Dtype type) {
    if (values.empty()) return Tensor();
    return torch::from_blob(values.data(), {static_cast<int64_t>(values.size())}, type);
  };
  OrderedBatch out(Batch{wrap(samples.users, torch::kInt32), wrap(samples.items, torch::kInt32),
                         wrap(samples.ratings, torch::kFloat32),
                         wrap(samples.negatives, torch::kInt32)});
  out.log_weights = wrap(samples.log_weights, torch::kFloat32);
  out.excluded = wrap(samples.excluded, torch::kInt64);
  out.user_scale = wrap(samples.user_scale, torch::kFloat32);
  const auto by_sample = [&](Tensor& t) {
    if (t.defined()) t = t.view({samples.size(), -1});
  };
  by_sample(out.user_scale);
  if (!samples.shared) by_sample(out.negatives), by_sample(out.log_weights);
  out.sorted_items = wrap(samples.sorted_items, torch::kInt32);
  out.item_order = wrap(samples.item_order, torch::kInt32);
  out.item_shift = samples.item_shift;
  return out;
}

}  // namespace latent
