// elsa as steps of the training loop: a pass over the users, in batches, by Adam.
#include <numeric>

#include "models/models_with_sets.h"
#include "src/base/rng.h"
#include "src/config/auto_values.h"
#include "src/train/solver_steps.h"

namespace latent {

namespace {

using torch::Tensor;

class ElsaSteps : public Stepper {
 public:
  explicit ElsaSteps(const FitContext& fit)
      : config_(fit.config),
        rows_(fit.rows),
        model_(dynamic_cast<ElsaImpl&>(fit.model)),
        had_(user_items(fit.rows, fit.users())),
        first_(torch::zeros_like(model_.tables().gamma_item)),
        second_(torch::zeros_like(first_)) {
    for (int32_t u = 0; u < fit.users(); ++u) {
      if (!had_.of(u).empty()) users_.push_back(u);
    }
  }

  void start() override { sync(); }

  StepReport step(int64_t done, bool) override {
    std::vector<int32_t> order = users_;
    shuffle(order, Rng(static_cast<uint64_t>(config_.train.seed)).stream("elsa.users", done));
    double sum = 0;
    for (size_t from = 0; from < order.size(); from += batch()) {
      const std::span<const int32_t> users =
          std::span(order).subspan(from, std::min(batch(), order.size() - from));
      const Tensor table = model_.tables().gamma_item;
      table.mutable_grad() = Tensor();
      const Tensor loss = model_.loss(dense(users));
      loss.backward();
      sum += loss.item<double>() * static_cast<double>(users.size());
      adam(table, done * batches() + static_cast<int64_t>(from / batch()) + 1);
    }
    return {sum / static_cast<double>(order.size()), {}, {}};
  }

  /// Users' vectors: the sums of their items' ones.
  void sync() override {
    const torch::NoGradGuard no_grad;
    const ScoreTables tables = model_.scored();
    const int64_t factors = tables.gamma_item.size(1);
    const Tensor items = tables.gamma_item.contiguous();
    auto* const out = tables.gamma_user.data_ptr<float>();
    const auto* const in = items.const_data_ptr<float>();
    for (int32_t u = 0; u < had_.users(); ++u) {
      float* const row = out + u * factors;
      std::fill_n(row, factors, 0.0f);
      for (const int32_t i : had_.of(u)) {
        for (int64_t k = 0; k < factors; ++k) row[k] += in[i * factors + k];
      }
    }
  }

  void save(Checkpoint& out) const override {
    out.tensors.emplace_back("adam.first", first_);
    out.tensors.emplace_back("adam.second", second_);
  }
  void restore(const Checkpoint& from) override {
    copy_named(from.tensors, "adam.first", first_);
    copy_named(from.tensors, "adam.second", second_);
  }
  std::string remedy() const override { return lower_rate(config_.train); }
  int64_t samples_per_step() const override { return rows_.size(); }

 private:
  size_t batch() const {
    return static_cast<size_t>(batch_size_of(config_.train, rows_.size()));
  }
  int64_t batches() const {
    return static_cast<int64_t>((users_.size() + batch() - 1) / batch());
  }

  /// What the users have, as rows of 0 and 1 [B, I].
  Tensor dense(std::span<const int32_t> users) const {
    const int64_t items = model_.spec().items;
    Tensor x = torch::zeros({std::ssize(users), items});
    auto* row = x.data_ptr<float>();
    for (const int32_t u : users) {
      for (const int32_t i : had_.of(u)) row[i] = 1;
      row += items;
    }
    return x;
  }

  /// Kingma & Ba (2015), step `t` from 1.
  void adam(Tensor table, int64_t t) {
    constexpr double kFirst = 0.9, kSecond = 0.999, kEpsilon = 1e-8;
    const torch::NoGradGuard no_grad;
    const Tensor gradient = table.grad();
    first_.mul_(kFirst).add_(gradient, 1 - kFirst);
    second_.mul_(kSecond).addcmul_(gradient, gradient, 1 - kSecond);
    const double first = 1 - std::pow(kFirst, static_cast<double>(t)),
                 second = 1 - std::pow(kSecond, static_cast<double>(t));
    table.addcdiv_(first_, (second_ / second).sqrt_().add_(kEpsilon), -config_.train.lr / first);
  }

  const RunConfig& config_;
  const Interactions& rows_;
  ElsaImpl& model_;
  UserItems had_;
  std::vector<int32_t> users_;  // who have items
  Tensor first_, second_;       // Adam's moments of A's gradient [I, K]
};

}  // namespace

std::unique_ptr<Stepper> make_elsa_solver(const FitContext& fit) {
  return std::make_unique<ElsaSteps>(fit);
}

}  // namespace latent
