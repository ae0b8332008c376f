#include "src/train/optimizer.h"

#include <ATen/Parallel.h>

#include <cmath>

#include "models/objective.h"
#include "src/base/adam.h"

namespace latent {

using torch::Tensor;

OptimizerKind optimizer_kind(const std::string& name) {
  return name == "sgd"       ? OptimizerKind::kSgd
         : name == "adagrad" ? OptimizerKind::kAdagrad
                             : OptimizerKind::kAdam;
}

Optimizer::Optimizer(RecommenderImpl& model, OptimizerKind kind, double lr)
    : kind_(kind), form_(model.spec().form), lr_(lr) {
  const std::vector<Penalty> penalties = model.penalties();
  for (const auto& item : model.named_parameters()) {
    double decay = 0;
    for (const Penalty& p : penalties) {
      if (p.table.is_same(item.value())) decay = 2 * p.coefficient;
    }
    Slot slot{item.key(), item.value(), {}, {}, decay};
    if (kind == OptimizerKind::kAdam) slot.first = torch::zeros_like(item.value());
    if (kind != OptimizerKind::kSgd) slot.second = torch::zeros_like(item.value());
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::step() {
  const torch::NoGradGuard no_grad;
  ++steps_;
  for (Slot& slot : slots_) slot.squares = -1;
  if (kind_ == OptimizerKind::kAdam) {
    adam_step();
  } else {
    for (Slot& slot : slots_) plain_step(slot);
  }
}

double Optimizer::penalty() {
  double sum = 0;
  for (Slot& slot : slots_) {
    if (slot.decay == 0) continue;
    if (slot.squares < 0) slot.squares = sum_of_squares(slot.parameter);
    sum += slot.decay / 2 * slot.squares;
  }
  return sum;
}

void Optimizer::adam_step() {
  const double t = static_cast<double>(steps_);
  const double eps = form_ == Form::kTensorflow ? 1e-7 / std::sqrt(1 - std::pow(0.999, t)) : 1e-8;
  for (Slot& slot : slots_) {
    if (!slot.parameter.grad().defined())
      slot.parameter.mutable_grad() = torch::zeros_like(slot.parameter);
    if (slot.parameter.is_cpu()) {
      Tensor w = slot.parameter, g = w.grad();
      slot.squares = latent::adam_step(w.data_ptr<float>(), g.data_ptr<float>(),
                                       slot.first.data_ptr<float>(), slot.second.data_ptr<float>(),
                                       w.numel(), {lr_, 0.9, 0.999, eps, slot.decay, steps_},
                                       at::get_num_threads());
      continue;
    }
    const Tensor count = torch::full({}, t, slot.parameter.options());
    at::_fused_adam_(
        {slot.parameter}, {slot.parameter.grad()}, {slot.first}, {slot.second}, {}, {count}, lr_,
        /*beta1=*/0.9, /*beta2=*/0.999, /*weight_decay=*/slot.decay, eps, /*amsgrad=*/false,
        /*maximize=*/false);
    slot.parameter.mutable_grad().zero_();
  }
}

void Optimizer::plain_step(Slot& slot) const {
  const bool adagrad = kind_ == OptimizerKind::kAdagrad;
  constexpr double kEps = 1e-10;
  Tensor w = slot.parameter;
  const Tensor g = w.grad();
  if (!w.is_cpu()) {
    Tensor full = (g.defined() ? g : torch::zeros_like(w)) + slot.decay * w;
    if (adagrad) {
      slot.second.addcmul_(full, full);
      w.addcdiv_(full, slot.second.sqrt().add_(kEps), -lr_);
    } else {
      w.sub_(full, lr_);
    }
    if (g.defined()) w.mutable_grad().zero_();
    return;
  }
  // Plain loops in fixed chunks: torch's vector code rounds differently at the ends of each
  // thread's range.
  Tensor gradient = g.defined() ? g : torch::zeros_like(w);
  float* const weight = w.data_ptr<float>();
  float* const grad = gradient.data_ptr<float>();
  float* const sum = adagrad ? slot.second.data_ptr<float>() : nullptr;
  const auto decay = static_cast<float>(slot.decay), lr = static_cast<float>(lr_);
  constexpr int64_t kChunk = 1 << 14;
  const int64_t n = w.numel();
  at::parallel_for(0, (n + kChunk - 1) / kChunk, 1, [&](int64_t from, int64_t to) {
    for (int64_t k = from * kChunk; k < std::min(n, to * kChunk); ++k) {
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
  }
  return out;
}

}  // namespace latent
