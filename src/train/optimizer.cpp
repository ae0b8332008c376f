#include "src/train/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "models/device_code.h"
#include "models/table_rows.h"
#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "src/kernels/adam.h"
#include "src/kernels/pair_kernels.h"
#include "src/train/rank_rows.h"
#include "src/train/tensor_data.h"

namespace latent {

using torch::Tensor;

namespace {

constexpr double kBeta1 = 0.9, kBeta2 = 0.999;

Tensor scalar(double value) { return torch::full({1}, value, torch::kDouble); }

}  // namespace

double sum_of_squares(const Tensor& table) {
  const torch::NoGradGuard no_grad;
  const bool plain = table.scalar_type() == torch::kFloat || in_bfloat16(table);
  if (by_operators(table.device()) || !plain)
    return table.square().sum(torch::kDouble).item<double>();
  const Tensor w = table.contiguous();
  return with_data(w, [&](const auto* values) {
    return sum_of_squares(values, w.numel(), default_threads());
  });
}

OptimizerKind optimizer_kind(const std::string& name) {
  return name == "sgd"         ? OptimizerKind::kSgd
         : name == "adagrad"   ? OptimizerKind::kAdagrad
         : name == "adam_lazy" ? OptimizerKind::kAdamLazy
                               : OptimizerKind::kAdam;
}

Optimizer::Optimizer(GradientModelImpl& model, OptimizerKind kind, double lr,
                     const OwnedRows& users, const OwnedRows& items)
    : kind_(kind),
      form_(model.spec().form),
      seed_(model.spec().seed),
      lr_(lr),
      users_(users),
      items_(items) {
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
    const auto zeros = [&] { return shared(slot) ? untouched_zeros(w) : zero_gradient(w); };
    if (shared(slot)) w.mutable_grad() = zeros();
    if (adam) slot.first = zeros();
    if (kind != OptimizerKind::kSgd) slot.second = zeros();
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
      slot.parameter.mutable_grad() = zero_gradient(slot.parameter);
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
    if (!slot.squares.defined())
      slot.squares = scalar(shared(slot) ? shared_squares(slot) : sum_of_squares(slot.parameter));
    sum += slot.decay / 2 * slot.squares.item<double>();
  }
  return sum;
}

double Optimizer::shared_squares(const Slot& slot) const {
  const OwnedRows numbers{rows_of(slot).peers,
                          scaled(rows_of(slot).shares, slot.parameter.size(1))};
  return with_data(slot.parameter, [&](auto* values) {
    return latent::sum_of_squares(values, numbers, default_threads());
  });
}

double Optimizer::epsilon() const {
  return form_ == Form::kTensorflow
             ? 1e-7 / std::sqrt(1 - std::pow(kBeta2, static_cast<double>(steps_)))
             : 1e-8;
}

Piece Optimizer::own_rows(const Slot& slot) const {
  return shared(slot) ? rows_of(slot).own() : Piece{0, slot.parameter.size(0)};
}

const OwnedRows& Optimizer::rows_of(const Slot& slot) const {
  return slot.side == Side::kUsers   ? users_
         : slot.side == Side::kItems ? items_
                                     : everybodys_;
}

template <typename Fn>
auto Optimizer::with_table(const Slot& slot, int64_t from, const Fn& fn) const {
  const Rounding rounding{
      Rng(seed_).stream("rounding." + slot.name, static_cast<uint64_t>(steps_)).next(), from};
  const auto at = [&](const Tensor& t) {
    return t.defined() ? t.data_ptr<float>() + from : nullptr;
  };
  return with_data(slot.parameter, [&]<typename W>(W* values) {
    return fn(AdamTableOf<W>{values + from, at(slot.parameter.grad()), at(slot.first),
                             at(slot.second)},
              rounding);
  });
}

void Optimizer::adam_step(Slot& slot) {
  Tensor w = slot.parameter, g = w.grad();
  if (!by_operators(w.device())) {
    const Piece rows = own_rows(slot);
    const int64_t k = w.numel() / w.size(0);
    const AdamStep step{lr_, kBeta1, kBeta2, epsilon(), slot.decay, steps_};
    const double squares =
        with_table(slot, rows.begin * k, [&](const auto& table, const Rounding& rounding) {
          return latent::adam_step(table, rows.size() * k, step, default_threads(), rounding);
        });
    slot.squares = shared(slot) ? Tensor() : scalar(squares);
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
  if (shared(slot)) {
    const OwnedRows places = users ? samples_of(b, users_) : places_of(b, items_);
    slot.squares.add_(shared_growth(slot, keys, places, begin));
    return;
  }
  const auto chunks = static_cast<int64_t>(begin.size()) - 1;
  std::vector<double> grown(chunks);
  const AdamStep step{lr_, kBeta1, kBeta2, epsilon(), slot.decay, steps_};
  with_table(slot, 0, [&](const auto& table, const Rounding& rounding) {
    parallel_chunks(chunks, default_threads(), [&](int64_t c) {
      grown[c] =
          adam_step_rows(table, w.numel() / w.size(0), ids + begin[c], begin[c + 1] - begin[c],
                         slot.stamp.data(), step, rounding);
    });
  });
  slot.squares.add_(std::accumulate(grown.begin(), grown.end(), 0.0));
}

double Optimizer::shared_growth(Slot& slot, const Tensor& keys, const OwnedRows& places,
                                std::span<const int64_t> begin) {
  const auto* const ids = keys.const_data_ptr<int32_t>();
  const auto begins = begin.first(begin.size() - 1);
  const AdamStep step{lr_, kBeta1, kBeta2, epsilon(), slot.decay, steps_};
  const auto moved = [&](int64_t from, int64_t to) {
    return with_table(slot, 0, [&](const auto& table, const Rounding& rounding) {
      return adam_step_rows(table, slot.parameter.size(1), ids + from, to - from,
                            slot.stamp.data(), step, rounding);
    });
  };
  // A chunk's sum runs from row to row: what another rank begins needs each of ours by itself.
  Peers& peers = *places.peers;
  const int rank = peers.rank();
  const Piece own = places.own();
  const std::vector<Piece> heads = heads_of(begins, places.shares);
  const Shares of_chunks = chunk_shares(begins, places.shares);
  const Piece chunks = piece_of(of_chunks, rank);
  std::vector<double> each(keys.numel()), grown(begins.size());
  for (int64_t n = heads[rank].begin; n < heads[rank].end; ++n) each[n] = moved(n, n + 1);
  parallel_chunks(chunks.size(), default_threads(), [&](int64_t n) {
    const int64_t c = chunks.begin + n;
    grown[c] = moved(begin[c], std::min(begin[c + 1], own.end));
  });
  const SharedArray singles{each.data(), sizeof(double), heads};
  peers.gather({&singles, 1});
  if (chunks.size() > 0) {
    const int64_t last = chunks.end - 1;
    for (int64_t n = std::min(begin[last + 1], own.end); n < begin[last + 1]; ++n)
      grown[last] += each[n];
  }
  const SharedArray sums{grown.data(), sizeof(double), pieces_of(of_chunks)};
  peers.gather({&sums, 1});
  return std::accumulate(grown.begin(), grown.end(), 0.0);
}

void Optimizer::plain_step(Slot& slot) const {
  const bool adagrad = kind_ == OptimizerKind::kAdagrad;
  constexpr double kEps = 1e-10;
  Tensor w = slot.parameter, g = w.grad();
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
  const Piece rows = own_rows(slot);
  const int64_t k = w.numel() / w.size(0);
  with_table(slot, rows.begin * k, [&](const auto& table, const Rounding& rounding) {
    const PlainStep step{lr_, slot.decay, kEps};
    latent::plain_step(PlainTable{table.w, table.gradient, table.v}, rows.size() * k, step,
                       default_threads(), rounding);
  });
}

std::vector<Tensor> Optimizer::state_of(Side side) const {
  std::vector<Tensor> out;
  for (const Slot& slot : slots_) {
    if (slot.side != side) continue;
    if (slot.first.defined()) out.push_back(slot.first);
    if (slot.second.defined()) out.push_back(slot.second);
  }
  return out;
}

std::vector<Tensor> Optimizer::memory_of(Side side) const {
  std::vector<Tensor> out = state_of(side);
  for (const Slot& slot : slots_) {
    if (slot.side == side && slot.parameter.grad().defined()) out.push_back(slot.parameter.grad());
  }
  return out;
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
