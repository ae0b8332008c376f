#include "src/train/optimizer.h"

#include <cmath>
#include <numeric>

#include "models/device_code.h"
#include "src/base/parallel.h"
#include "src/kernels/adam.h"
#include "src/kernels/pair_kernels.h"

namespace latent {

using torch::Tensor;

namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999;

Tensor scalar(double value) { return torch::full({1}, value, torch::kDouble); }

}  // namespace

double sum_of_squares(const Tensor& table) {
  const torch::NoGradGuard no_grad;
  if (by_operators(table.device()) || table.scalar_type() != torch::kFloat)
    return table.square().sum(torch::kDouble).item<double>();
  const Tensor w = table.contiguous();
  return sum_of_squares(w.const_data_ptr<float>(), w.numel(), default_threads());
}

OptimizerKind optimizer_kind(const std::string& name) {
  return name == "sgd"         ? OptimizerKind::kSgd
         : name == "adagrad"   ? OptimizerKind::kAdagrad
         : name == "adam_lazy" ? OptimizerKind::kAdamLazy
                               : OptimizerKind::kAdam;
}

Optimizer::Optimizer(GradientModelImpl& model, OptimizerKind kind, double lr)
    : kind_(kind), form_(model.spec().form), lr_(lr) {
  const std::vector<Penalty> penalties = model.penalties();
  const ScoreTables tables = model.tables();
  const auto is = [](const Tensor& a, const Tensor& b) { return b.defined() && a.is_same(b); };
  for (const auto& item : model.named_parameters()) {
    const Tensor& w = item.value();
    double decay = 0;
    for (const Penalty& p : penalties) {
      if (p.table.is_same(w)) decay = 2 * p.coefficient;
    }
    Slot slot{item.key(), w, {}, {}, Side::kBoth, decay, {}, {}};
    if (is(w, tables.beta_user) || is(w, tables.gamma_user)) slot.side = Side::kUsers;
    if (is(w, tables.beta_item) || is(w, tables.gamma_item)) slot.side = Side::kItems;
    const bool adam = kind == OptimizerKind::kAdam || kind == OptimizerKind::kAdamLazy;
    if (adam) slot.first = torch::zeros_like(w);
    if (kind != OptimizerKind::kSgd) slot.second = torch::zeros_like(w);
    if (kind == OptimizerKind::kAdamLazy && !by_operators(w.device()))
      slot.squares = scalar(sum_of_squares(w));
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::step(const OrderedBatch& batch) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  const bool lazy = kind_ == OptimizerKind::kAdamLazy;
  TORCH_CHECK(!lazy || batch.users.defined(), "lazy Adam needs the batch");
  const bool ordered = lazy && !by_operators(batch.users.device());
  const OrderedBatch rows = ordered ? in_user_order(batch) : batch;
  for (Slot& slot : slots_) {
    if (!slot.parameter.grad().defined())
      slot.parameter.mutable_grad() = torch::zeros_like(slot.parameter);
    if (kind_ == OptimizerKind::kAdam || (lazy && slot.side == Side::kBoth)) {
      adam_step(slot);
    } else if (lazy) {
      lazy_step(slot, rows);
    } else {
      slot.squares = Tensor();
      plain_step(slot);
    }
  }
}

double Optimizer::penalty() {
  double sum = 0;
  for (Slot& slot : slots_) {
    if (slot.decay == 0) continue;
    if (!slot.squares.defined()) slot.squares = scalar(sum_of_squares(slot.parameter));
    sum += slot.decay / 2 * slot.squares.item<double>();
  }
  return sum;
}

double Optimizer::epsilon() const {
  return form_ == Form::kTensorflow
             ? 1e-7 / std::sqrt(1 - std::pow(kBeta2, static_cast<double>(steps_)))
             : 1e-8;
}

AdamTable Optimizer::table_of(const Slot& slot) {
  return {slot.parameter.data_ptr<float>(), slot.parameter.grad().data_ptr<float>(),
          slot.first.data_ptr<float>(), slot.second.data_ptr<float>()};
}

void Optimizer::adam_step(Slot& slot) {
  Tensor w = slot.parameter, g = w.grad();
  if (!by_operators(w.device())) {
    slot.squares = scalar(latent::adam_step(
        table_of(slot), w.numel(), {lr_, kBeta1, kBeta2, epsilon(), slot.decay, steps_},
        default_threads()));
    return;
  }
  const Tensor count = torch::full({}, static_cast<double>(steps_), w.options());
  at::_fused_adam_({w}, {g}, {slot.first}, {slot.second}, {}, {count}, lr_, kBeta1, kBeta2,
                   /*weight_decay=*/slot.decay, epsilon(), /*amsgrad=*/false, /*maximize=*/false);
  g.zero_();
  slot.squares = Tensor();
}

void Optimizer::lazy_step(Slot& slot, const OrderedBatch& b) {
  Tensor w = slot.parameter, g = w.grad();
  const bool users = slot.side == Side::kUsers;
  if (by_operators(w.device())) {  // the formulas of adam_step() on the rows that the batch has
    const Tensor ids = users                   ? b.users
                       : b.negatives.defined() ? torch::cat({b.items, b.negatives.flatten()})
                                               : b.items;
    const Tensor rows = std::get<0>(at::_unique(ids)).to(torch::kLong);
    const Tensor own = w.index_select(0, rows), grad = g.index_select(0, rows) + slot.decay * own;
    const Tensor m = slot.first.index_select(0, rows).lerp_(grad, 1 - kBeta1);
    const Tensor v =
        slot.second.index_select(0, rows).mul_(kBeta2).addcmul_(grad, grad, 1 - kBeta2);
    const auto t = static_cast<double>(steps_);
    const Tensor root = v.sqrt().div_(std::sqrt(1 - std::pow(kBeta2, t))).add_(epsilon());
    w.index_copy_(0, rows, own.addcdiv(m, root, -lr_ / (1 - std::pow(kBeta1, t))));
    slot.first.index_copy_(0, rows, m);
    slot.second.index_copy_(0, rows, v);
    g.zero_();
    slot.squares = Tensor();
    return;
  }
  if (slot.stamp.empty()) slot.stamp.assign(w.size(0), 0);
  const Tensor& keys = users ? b.users : b.sorted_items;
  const auto* const ids = keys.const_data_ptr<int32_t>();
  const auto begin = key_chunks(ids, keys.numel(), users ? 0 : b.item_shift);
  const auto chunks = static_cast<int64_t>(begin.size()) - 1;
  std::vector<double> grown(chunks);
  parallel_chunks(chunks, default_threads(), [&](int64_t c) {
    grown[c] = adam_step_rows(table_of(slot), w.numel() / w.size(0), ids + begin[c],
                              begin[c + 1] - begin[c], slot.stamp.data(),
                              {lr_, kBeta1, kBeta2, epsilon(), slot.decay, steps_});
  });
  slot.squares.add_(std::accumulate(grown.begin(), grown.end(), 0.0));
}

void Optimizer::plain_step(Slot& slot) const {
  const bool adagrad = kind_ == OptimizerKind::kAdagrad;
  constexpr double kEps = 1e-10;
  Tensor w = slot.parameter;
  Tensor g = w.grad();
  if (by_operators(w.device())) {
    Tensor full = g + slot.decay * w;
    if (adagrad) {
      slot.second.addcmul_(full, full);
      w.addcdiv_(full, slot.second.sqrt().add_(kEps), -lr_);
    } else {
      w.sub_(full, lr_);
    }
    g.zero_();
    return;
  }
  // Plain loops in fixed chunks: torch's vector code rounds differently at the ends of each
  // thread's range.
  float* const weight = w.data_ptr<float>();
  float* const grad = g.data_ptr<float>();
  float* const sum = adagrad ? slot.second.data_ptr<float>() : nullptr;
  const auto decay = static_cast<float>(slot.decay), lr = static_cast<float>(lr_);
  constexpr int64_t kChunk = 1 << 14;
  const int64_t n = w.numel();
  parallel_chunks(ceil_div(n, kChunk), default_threads(), [&](int64_t c) {
    for (int64_t k = c * kChunk; k < std::min(n, (c + 1) * kChunk); ++k) {
      const float full = grad[k] + decay * weight[k];
      if (adagrad) {
        sum[k] += full * full;
        weight[k] -= lr * full / (std::sqrt(sum[k]) + static_cast<float>(kEps));
      } else {
        weight[k] -= lr * full;
      }
      grad[k] = 0;
    }
  });
}

NamedTensors Optimizer::state() const {
  NamedTensors out;
  for (const Slot& slot : slots_) {
    if (slot.first.defined()) out.emplace_back("first." + slot.name, slot.first);
    if (slot.second.defined()) out.emplace_back("second." + slot.name, slot.second);
    // A running sum: what it has met on its way shows in its last bits.
    if (kind_ == OptimizerKind::kAdamLazy && slot.squares.defined())
      out.emplace_back("squares." + slot.name, slot.squares);
  }
  return out;
}

}  // namespace latent
