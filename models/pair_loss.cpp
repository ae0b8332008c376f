#include "models/pair_loss.h"

#include "src/base/parallel.h"
#include "src/kernels/pair_kernels.h"

namespace latent {

namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

/// Waking others costs more for fewer samples, most of all on a busy machine.
constexpr int64_t kFewSamples = 8192;

template <typename T>
const T* data_of(const Tensor& t) {
  return t.defined() ? t.const_data_ptr<T>() : nullptr;
}

/// The gradient table of `table`, zero when new.
template <typename T>
T* gradient_of(const Tensor& table) {
  if (!table.defined() || !table.requires_grad()) return nullptr;
  if (!table.grad().defined()) table.mutable_grad() = torch::zeros_like(table);
  return table.grad().data_ptr<T>();
}

int64_t factors_of(const ScoreTables& t) {
  return t.gamma_item.defined() ? t.gamma_item.size(1) : 0;
}

template <typename T>
PairKernels<T> kernels(const ScoreTables& t, const Batch& b) {
  const PairTables<T> tables{t.alpha.defined() ? *t.alpha.const_data_ptr<T>() : T{0},
                             data_of<T>(t.beta_user), data_of<T>(t.beta_item),
                             data_of<T>(t.gamma_user), data_of<T>(t.gamma_item),
                             factors_of(t)};
  const SortedPairs<T> pairs{b.users.numel(), data_of<int32_t>(b.users), data_of<int32_t>(b.items),
                             data_of<T>(b.ratings), data_of<int32_t>(b.negatives),
                             data_of<int32_t>(b.sorted_items), data_of<int32_t>(b.item_order),
                             b.item_shift};
  return PairKernels<T>(tables, pairs, pairs.size < kFewSamples ? 1 : default_threads());
}

/// One table stands for all in the graph, since autograd knows no absent inputs; all are leaves,
/// kept as they are.
struct PairLoss : Function<PairLoss> {
  static Tensor forward(AutogradContext* context, const Tensor& beta_item, const ScoreTables& t,
                        const Batch& b) {
    const bool pairwise = b.negatives.defined();
    const int64_t size = b.users.numel();
    Tensor weight = torch::empty({size}, beta_item.options()),
           user_sum = torch::empty({size, factors_of(t)}, beta_item.options()),
           out = torch::empty({}, beta_item.options());
    AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "pair_loss", [&] {
      scalar_t *w = weight.data_ptr<scalar_t>(), *s = user_sum.data_ptr<scalar_t>();
      const auto k = kernels<scalar_t>(t, b);
      const double sum = pairwise ? k.pair_losses(w, s) : k.squared_errors(w, s);
      *out.data_ptr<scalar_t>() = static_cast<scalar_t>(sum / static_cast<double>(size));
    });
    context->saved_data["item_shift"] = b.item_shift;
    context->saved_data["kept"] = std::vector<Tensor>{
        t.alpha, t.beta_user, t.beta_item, t.gamma_user, t.gamma_item, b.users,    b.items,
        b.ratings, b.negatives, b.sorted_items, b.item_order, weight, user_sum};
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradient) {
    const auto kept = context->saved_data["kept"].toTensorVector();
    const ScoreTables t{kept[0], kept[1], kept[2], kept[3], kept[4]};
    const Batch b{kept[5], kept[6], kept[7], kept[8], kept[9], kept[10],
                  static_cast<int>(context->saved_data["item_shift"].toInt())};
    const Tensor &weight = kept[11], &user_sum = kept[12];
    AT_DISPATCH_FLOATING_TYPES(weight.scalar_type(), "pair_loss_backward", [&] {
      // The weights are derivatives of -log sigmoid, but halves of those of squares.
      const double factor = (b.negatives.defined() ? 1.0 : 2.0) / static_cast<double>(weight.numel());
      const auto scale = static_cast<scalar_t>(gradient[0].item<double>() * factor);
      kernels<scalar_t>(t, b).add_gradients(
          weight.const_data_ptr<scalar_t>(), user_sum.const_data_ptr<scalar_t>(), scale,
          {gradient_of<scalar_t>(t.alpha), gradient_of<scalar_t>(t.beta_user),
           gradient_of<scalar_t>(t.beta_item), gradient_of<scalar_t>(t.gamma_user),
           gradient_of<scalar_t>(t.gamma_item)});
    });
    return {Tensor(), Tensor(), Tensor()};
  }
};

void check(const Batch& b) {
  for (const Tensor* ids : {&b.users, &b.items, &b.negatives}) {
    TORCH_CHECK(!ids->defined() || (ids->scalar_type() == torch::kInt32 && ids->is_contiguous()),
                "ids must be contiguous int32");
  }
}

}  // namespace

bool can_fuse_loss(const ScoreTables& t) {
  if (!t.beta_item.defined() || t.gamma_user.defined() != t.gamma_item.defined()) return false;
  for (const Tensor* table : {&t.alpha, &t.beta_user, &t.beta_item, &t.gamma_user, &t.gamma_item}) {
    if (table->defined() &&
        (!table->is_cpu() || !table->is_contiguous() ||
         table->scalar_type() != t.beta_item.scalar_type() || !table->is_leaf()))
      return false;
  }
  return t.beta_item.scalar_type() == torch::kFloat || t.beta_item.scalar_type() == torch::kDouble;
}

Batch in_user_order(const Batch& b) {
  if (b.item_order.defined()) return b;
  const torch::NoGradGuard no_grad;
  const auto order_of = [](const Tensor& keys) {
    return torch::argsort(keys, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  };
  const Tensor by_user = order_of(b.users);
  const auto picked = [&](const Tensor& t) { return t.defined() ? t.index_select(0, by_user) : t; };
  Batch out{picked(b.users), picked(b.items), picked(b.ratings), picked(b.negatives)};
  const Tensor items =
      b.negatives.defined() ? torch::cat({out.items, out.negatives}) : out.items;
  const Tensor by_item = order_of(items);  // in full: item_shift 0
  out.sorted_items = items.index_select(0, by_item);
  out.item_order = by_item.to(torch::kInt32);
  return out;
}

Tensor pointwise_loss(const ScoreTables& t, const Batch& batch) {
  check(batch);
  Batch b = batch;
  b.negatives = Tensor();
  b = in_user_order(b);
  b.ratings = b.ratings.to(t.beta_item.scalar_type()).contiguous();
  return PairLoss::apply(t.beta_item, t, b);
}

Tensor pairwise_loss(const ScoreTables& t, const Batch& batch) {
  TORCH_CHECK(!t.alpha.defined() && !t.beta_user.defined(), "alpha and beta_user cancel");
  check(batch);
  return PairLoss::apply(t.beta_item, t, in_user_order(batch));
}

}  // namespace latent
