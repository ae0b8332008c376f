#include "src/train/ordered_batch.h"

namespace latent {

using torch::Tensor;

OrderedBatch in_user_order(const OrderedBatch& b) {
  if (b.item_order.defined()) return b;
  TORCH_CHECK(!b.negatives.defined() || b.negatives.size(1) == 1, "one negative a sample");
  const torch::NoGradGuard no_grad;
  const auto order_of = [](const Tensor& keys) {
    return torch::argsort(keys, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  };
  const Tensor by_user = order_of(b.users);
  const auto picked = [&](const Tensor& t) { return t.defined() ? t.index_select(0, by_user) : t; };
  OrderedBatch out(Batch{picked(b.users), picked(b.items), picked(b.ratings), picked(b.negatives)});
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
  if (out.negatives.defined()) out.negatives = out.negatives.view({samples.size(), -1});
  out.sorted_items = wrap(samples.sorted_items, torch::kInt32);
  out.item_order = wrap(samples.item_order, torch::kInt32);
  out.item_shift = samples.item_shift;
  return out;
}

}  // namespace latent
