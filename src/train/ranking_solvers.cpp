// implicit_bpr and ials as steps of the training loop.
#include <set>

#include "src/base/error.h"
#include "src/config/auto_values.h"
#include "src/train/rank_rows.h"
#include "src/train/solver_steps.h"
#include "src/train/solver_tables.h"
#include "src/solve/bpr_sgd.h"
#include "src/solve/ials.h"
#include "src/solve/pair_weights.h"

namespace latent {

namespace {

using torch::Tensor;

/// implicit's progress line counts in percent.
std::string share_text(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f%%", 100 * share);
  return text;
}

class ImplicitBprSteps : public Stepper {
 public:
  ImplicitBprSteps(const FitContext& fit)
      : config_(fit.config),
        module_(fit.model.tables()),
        rows_(fit.rows),
        solver_(user_items(fit.rows, fit.users()), fit.items(),
                static_cast<int32_t>(config_.model.factors),
                {config_.train.lr, config_.train.lambda.value.value(),
                 config_.implicit_bpr.verify_negative_samples},
                static_cast<uint64_t>(config_.train.seed)),
        generator_(static_cast<uint32_t>(config_.train.seed)) {}

  void start() override {
    zero_unseen(module_.gamma_user, rows_.user);
    zero_unseen(module_.gamma_item, rows_.item);
    zero_unseen(module_.beta_item, rows_.item);
    load();
  }

  StepReport step(int64_t done, bool) override {
    const BprCounts counts =
        config_.train.exact ? solver_.epoch_exact(generator_)
                            : solver_.epoch(done, static_cast<int>(config_.train.threads));
    const int64_t tried = counts.samples - counts.skipped;
    if (tried == 0) {
      if (has_negatives())
        return {0.5, {{"skipped", 1.0}}, "skipped=100.00%"};  // chance, of few pairs
      throw Error(
          "every sample was skipped: each negative drawn is an item that the user has; there must "
          "be users without some items, or implicit_bpr.verify_negative_samples = false");
    }
    const double auc = static_cast<double>(counts.correct) / static_cast<double>(tried);
    const double skipped =
        static_cast<double>(counts.skipped) / static_cast<double>(counts.samples);
    return {1 - auc,
            {{"train_auc", auc}, {"skipped", skipped}},
            "train_auc=" + share_text(auc) + ", skipped=" + share_text(skipped)};
  }

  void sync() override {
    solver_.store(module_.gamma_user.data_ptr<float>(), module_.gamma_item.data_ptr<float>(),
                  module_.beta_item.data_ptr<float>());
  }

  void save(Checkpoint& out) const override {
    if (config_.train.exact) out.state["generator"] = generator_text(generator_);
  }
  /// A generator in the state of an inexact run is of an earlier version, which took implicit's own
  /// order on one thread: the run goes on in today's order, as does one that was lock-free.
  void restore(const Checkpoint& from) override {
    if (config_.train.exact) generator_ = generator_from_text(from.state.value("generator", ""));
    load();
  }
  std::string remedy() const override { return lower_rate(config_.train); }
  int64_t samples_per_step() const override { return rows_.size(); }

 private:
  /// Whether a user lacks an item that another one has.
  bool has_negatives() const {
    const UserItems pairs = user_items(rows_, static_cast<int32_t>(module_.gamma_user.size(0)));
    const auto items = std::set<int32_t>(rows_.item.begin(), rows_.item.end()).size();
    for (int32_t u = 0; u < pairs.users(); ++u)
      if (!pairs.of(u).empty() && pairs.of(u).size() < items) return true;
    return false;
  }

  void load() {
    solver_.load(module_.gamma_user.const_data_ptr<float>(),
                 module_.gamma_item.const_data_ptr<float>(),
                 module_.beta_item.const_data_ptr<float>());
  }

  const RunConfig& config_;
  ScoreTables module_;
  const Interactions& rows_;
  BprSgd solver_;
  std::mt19937 generator_;  // of train.exact
};

/// LAPACK's, on LibTorch's one thread (use_threads), so that its bits depend on no number of them.
void symmetric_eigen(int d, double* matrix, double* values) {
  const Tensor m = torch::from_blob(matrix, {d, d}, torch::kDouble);
  const auto [w, v] = at::linalg_eigh(m);
  std::copy_n(w.contiguous().const_data_ptr<double>(), d, values);
  m.copy_(v.contiguous());
}

class IalsSteps : public Stepper {
 public:
  IalsSteps(const FitContext& fit)
      : IalsSteps(fit, observed(fit)) {}

  void start() override { load(); }
  void restore(const Checkpoint&) override { load(); }
  StepReport step(int64_t, bool) override {
    const double objective = solver_.iterate();
    if (!made_) return {objective, {}, {}};
    char note[80];
    std::snprintf(note, sizeof note, "objective %.5g, alpha0 %.4g, reg %.4g", objective,
                  constants_.alpha0, constants_.reg);
    return {objective, {{"alpha0", constants_.alpha0}, {"reg", constants_.reg}}, note};
  }
  void sync() override {
    solver_.store(module_.gamma_user.data_ptr<float>(), module_.gamma_item.data_ptr<float>());
  }
  std::string remedy() const override { return solver_.remedy(); }
  int64_t samples_per_step() const override { return rows_.size(); }
  OwnedRows users() const override { return users_; }

 private:
  IalsSteps(const FitContext& fit, WeightedRows observed)
      : rows_(fit.rows),
        users_{&fit.peers, user_shares(fit.rows, fit.users(), fit.peers.size())},
        module_(fit.model.tables()),
        made_(!fit.config.ials.reg.value ||
              (!fit.config.ials.alpha0.value && fit.config.ials.form == "ials")),
        constants_(ials_constants(fit.config.ials, {fit.users(), fit.items(),
                                                    std::ssize(observed.column)})),
        solver_(std::move(observed), fit.items(), static_cast<int>(fit.config.model.factors),
                {fit.config.ials.form == "implicit", constants_.alpha0, constants_.reg,
                 fit.config.ials.nu, fit.config.ials.alpha},
                symmetric_eigen, static_cast<int>(fit.config.train.threads), fit.peers) {}

  static WeightedRows observed(const FitContext& fit) {
    return pair_weights(fit.rows, fit.users(), fit.items(),
                        fit.config.data.weight);
  }
  void load() {
    solver_.load(module_.gamma_user.const_data_ptr<float>(),
                 module_.gamma_item.const_data_ptr<float>());
  }

  const Interactions& rows_;
  OwnedRows users_;  // whom each rank ranks; all have the whole tables
  ScoreTables module_;
  bool made_;  // whether a constant was auto
  IalsConstants constants_;
  IalsSolver solver_;
};

}  // namespace

std::unique_ptr<Stepper> make_bpr_solver(const FitContext& fit) {
  return std::make_unique<ImplicitBprSteps>(fit);
}

std::unique_ptr<Stepper> make_ials_solver(const FitContext& fit) {
  return std::make_unique<IalsSteps>(fit);
}

}  // namespace latent
