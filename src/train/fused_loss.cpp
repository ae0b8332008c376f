#include "src/train/fused_loss.h"

#include <ATen/Dispatch.h>

#include "models/table_rows.h"
#include "src/base/parallel.h"
#include "src/kernels/pair_kernels.h"
#include "src/train/tensor_data.h"

namespace latent {

namespace {

using torch::Tensor;

/// Waking others costs more for fewer samples, most of all on a busy machine.
constexpr int64_t kFewSamples = 8192;

/// The gradient table of `table`, zero when new.
template <typename T>
T* gradient_of(const Tensor& table) {
  if (!table.defined() || !table.requires_grad()) return nullptr;
  if (!table.grad().defined()) table.mutable_grad() = zero_gradient(table);
  return table.grad().data_ptr<T>();
}

int64_t factors_of(const ScoreTables& t) {
  return t.gamma_item.defined() ? t.gamma_item.size(1) : 0;
}

template <typename T, typename F>
PairKernels<T, F> kernels(const ScoreTables& t, const OrderedBatch& b, const BatchOwners& owners) {
  const Tables<const T, const F> tables{
      static_cast<int32_t>(t.beta_user.defined() ? t.beta_user.size(0) : 0),
      static_cast<int32_t>(t.beta_item.size(0)),
      static_cast<int32_t>(factors_of(t)),
      data_of<T>(t.alpha),
      data_of<T>(t.beta_user),
      data_of<T>(t.beta_item),
      data_of<F>(t.gamma_user),
      data_of<F>(t.gamma_item)};
  const SortedPairs<T> pairs{b.users.numel(), data_of<int32_t>(b.users), data_of<int32_t>(b.items),
                             data_of<T>(b.ratings), data_of<int32_t>(b.negatives),
                             data_of<int32_t>(b.sorted_items), data_of<int32_t>(b.item_order),
                             b.item_shift};
  return PairKernels<T, F>(tables, pairs, pairs.size < kFewSamples ? 1 : default_threads(),
                           owners.samples, owners.places);
}

/// fn(kernels) for the types of the tables, whose biases are of T.
template <typename T, typename Fn>
auto with_kernels(const ScoreTables& t, const OrderedBatch& b, const BatchOwners& owners,
                  const Fn& fn) {
  if constexpr (std::is_same_v<T, float>) {
    if (in_bfloat16(t.gamma_item)) return fn(kernels<T, BFloat16>(t, b, owners));
  }
  return fn(kernels<T, T>(t, b, owners));
}

void check(const Batch& b) {
  for (const Tensor* ids : {&b.users, &b.items, &b.negatives}) {
    TORCH_CHECK(!ids->defined() || (ids->scalar_type() == torch::kInt32 && ids->is_contiguous()),
                "ids must be contiguous int32");
  }
}

}  // namespace

bool can_fuse(const GradientModelImpl& model) {
  const ScoreTables t = model.tables();
  if (!model.loss_form() || !t.beta_item.defined() ||
      t.gamma_user.defined() != t.gamma_item.defined())
    return false;
  const torch::Dtype type = t.beta_item.scalar_type();
  const bool halved = in_bfloat16(t.gamma_user) && in_bfloat16(t.gamma_item);
  for (const Tensor* table : {&t.alpha, &t.beta_user, &t.beta_item, &t.gamma_user, &t.gamma_item}) {
    if (!table->defined()) continue;
    if (!table->is_cpu() || !table->is_contiguous() || !table->is_leaf()) return false;
    if (table->scalar_type() != type &&
        !(halved && type == torch::kFloat && in_bfloat16(*table)))
      return false;
  }
  return type == torch::kFloat || type == torch::kDouble;
}

FusedLoss::FusedLoss(const GradientModelImpl& model, const OrderedBatch& batch,
                     const BatchOwners& owners)
    : tables_(model.tables()), batch_(batch), owners_(owners), form_(*model.loss_form()) {
  check(batch);
  const torch::NoGradGuard no_grad;
  const bool pairwise = form_.kind == LossForm::kPairwise;
  if (pairwise) {
    TORCH_CHECK(!tables_.alpha.defined() && !tables_.beta_user.defined(), "they cancel in a pair");
    batch_ = in_user_order(batch_);
  } else {
    batch_.negatives = Tensor();
    batch_ = in_user_order(batch_);
    batch_.ratings = batch_.ratings.to(tables_.beta_item.scalar_type()).contiguous();
  }
  const int64_t size = batch_.users.numel();
  weight_ = torch::empty({size}, tables_.beta_item.options());
  user_sum_ = torch::empty({size, factors_of(tables_)}, tables_.beta_item.options());
  AT_DISPATCH_FLOATING_TYPES(weight_.scalar_type(), "fused_loss", [&] {
    scalar_t *w = weight_.data_ptr<scalar_t>(), *s = user_sum_.data_ptr<scalar_t>();
    const double sum = with_kernels<scalar_t>(tables_, batch_, owners_, [&](const auto& k) {
      return pairwise ? k.pair_losses(w, s) : k.squared_errors(w, s);
    });
    // Rounded as the scalar tensor of an objective is.
    value_ = static_cast<scalar_t>(sum / static_cast<double>(size)) *
             static_cast<scalar_t>(form_.scale);
  });
}

void FusedLoss::backward(double factor) const {
  const torch::NoGradGuard no_grad;
  AT_DISPATCH_FLOATING_TYPES(weight_.scalar_type(), "fused_loss_backward", [&] {
    // The weights are derivatives of -log sigmoid, but halves of those of squares.
    const double of_sum = (form_.kind == LossForm::kPairwise ? 1.0 : 2.0) /
                          static_cast<double>(weight_.numel());
    const auto scale = static_cast<scalar_t>(factor * form_.scale * of_sum);
    const ScoreTables& t = tables_;
    with_kernels<scalar_t>(t, batch_, owners_, [&](const auto& k) {
      k.add_gradients(
          weight_.const_data_ptr<scalar_t>(), user_sum_.const_data_ptr<scalar_t>(), scale,
          {0, 0, 0, gradient_of<scalar_t>(t.alpha), gradient_of<scalar_t>(t.beta_user),
           gradient_of<scalar_t>(t.beta_item), gradient_of<scalar_t>(t.gamma_user),
           gradient_of<scalar_t>(t.gamma_item)});
    });
  });
}

}  // namespace latent
