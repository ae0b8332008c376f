#include "src/train/many_negatives_loss.h"

#include <stdexcept>

#include "models/table_rows.h"
#include "src/base/parallel.h"
#include "src/config/mf_settings.h"
#include "src/train/tensor_data.h"

namespace latent {

namespace {

using torch::Tensor;

NegativeLoss kind_of(const std::string& loss) {
  if (loss == "mse") return NegativeLoss::kMse;
  if (loss == "bce") return NegativeLoss::kBce;
  if (loss == "bpr") return NegativeLoss::kBpr;
  if (loss == "hinge") return NegativeLoss::kHinge;
  if (loss == "softmax") return NegativeLoss::kSoftmax;
  if (loss == "bsl") return NegativeLoss::kBsl;
  if (loss == "sl_at_k") return NegativeLoss::kSlAtK;
  if (loss == "ccl") return NegativeLoss::kCcl;
  throw std::logic_error("no kernel for mf.loss '" + loss + "'");
}

float* gradient_of(const Tensor& table) {
  if (!table.defined()) return nullptr;
  if (!table.grad().defined()) table.mutable_grad() = zero_gradient(table);
  return table.grad().data_ptr<float>();
}

template <typename F>
Tables<const float, const F> tables_of(const ScoreTables& t) {
  return {static_cast<int32_t>(t.gamma_user.size(0)),
          static_cast<int32_t>(t.gamma_item.size(0)),
          static_cast<int32_t>(t.gamma_item.size(1)),
          nullptr,
          nullptr,
          data_of<float>(t.beta_item),
          data_of<F>(t.gamma_user),
          data_of<F>(t.gamma_item)};
}

/// fn(tables) for the type of the factors.
template <typename Fn>
auto with_tables(const ScoreTables& t, const Fn& fn) {
  return in_bfloat16(t.gamma_item) ? fn(tables_of<BFloat16>(t)) : fn(tables_of<float>(t));
}

}  // namespace

NegativeLossForm negative_loss_form(const MfOptions& options) {
  return {kind_of(options.loss),
          static_cast<float>(*options.tau.value),
          static_cast<float>(options.tau2),
          static_cast<float>(options.tau_w),
          static_cast<float>(margin_of(options)),
          static_cast<float>(negative_weight_of(options))};
}

ManyNegativesLoss::ManyNegativesLoss(MfImpl& model)
    : model_(model), kernels_(negative_loss_form(model.spec().mf), model.cosine()) {}

RankedBatch ManyNegativesLoss::view() const {
  RankedBatch out;
  out.size = batch_.users.numel();
  out.shared = batch_.negatives.dim() == 1;
  out.negatives = batch_.negatives.size(-1);
  out.users = data_of<int32_t>(batch_.users);
  out.items = data_of<int32_t>(batch_.items);
  out.negative = data_of<int32_t>(batch_.negatives);
  out.log_weights = data_of<float>(batch_.log_weights);
  if (batch_.excluded.defined())
    out.excluded = {data_of<int64_t>(batch_.excluded),
                    static_cast<size_t>(batch_.excluded.numel())};
  out.user_scale = data_of<float>(batch_.user_scale);
  out.thresholds = data_of<float>(model_.thresholds());
  out.sorted_items = {data_of<int32_t>(batch_.sorted_items),
                      static_cast<size_t>(batch_.sorted_items.numel())};
  out.item_order = data_of<int32_t>(batch_.item_order);
  out.item_shift = batch_.item_shift;
  out.samples = owners_.samples;
  out.places = owners_.places;
  return out;
}

double ManyNegativesLoss::value(const OrderedBatch& batch, const BatchOwners& owners) {
  batch_ = in_user_order(batch);
  owners_ = owners;
  const RankedBatch b = view();
  const double sum = with_tables(model_.tables(), [&](const auto& tables) {
    return kernels_.losses(tables, b, default_threads());
  });
  return sum / static_cast<double>(b.size);
}

void ManyNegativesLoss::backward(double factor) {
  const ScoreTables t = model_.tables();
  const RankedBatch b = view();
  const auto scale = static_cast<float>(factor / static_cast<double>(b.size));
  const Tables<float> out{0, 0, 0, nullptr, nullptr, gradient_of(t.beta_item),
                          gradient_of(t.gamma_user), gradient_of(t.gamma_item)};
  with_tables(t, [&](const auto& tables) {
    kernels_.add_gradients(tables, b, scale, default_threads(), out);
  });
}

}  // namespace latent
