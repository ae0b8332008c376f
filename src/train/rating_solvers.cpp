// baseline, svd and svdpp as steps of the training loop.
#include "models/models_with_sets.h"
#include "src/base/counting_sort.h"
#include "src/solve/baseline_als.h"
#include "src/solve/svd_sgd.h"
#include "src/solve/svdpp_sgd.h"
#include "src/train/solver_steps.h"
#include "src/train/solver_tables.h"

namespace latent {

namespace {

class BaselineSteps : public Stepper {
 public:
  BaselineSteps(const FitContext& fit)
      : rows_(fit.rows),
        tables_(fit.model.tables()),
        als_(fit.rows, fit.users(), fit.items(),
             {mean_rating(fit.rows), fit.config.baseline.reg_u, fit.config.baseline.reg_i},
             static_cast<int>(fit.config.train.threads)) {}

  StepReport step(int64_t, bool) override {
    return {als_.epoch(tables_.beta_user.data_ptr<double>(), tables_.beta_item.data_ptr<double>()),
            {}, {}};
  }
  std::string remedy() const override { return "raise baseline.reg_u and baseline.reg_i"; }

  int64_t samples_per_step() const override { return rows_.size(); }

 private:
  const Interactions& rows_;
  ScoreTables tables_;
  BaselineAls als_;
};

SvdRates rates_of(const RunConfig& config) {
  const TrainOptions& train = config.train;
  const SvdOptions& svd = config.svd;
  const double lambda = train.lambda.value.value();
  return {.lr_bu = svd.lr_bu.value_or(train.lr),
          .lr_bi = svd.lr_bi.value_or(train.lr),
          .lr_pu = svd.lr_pu.value_or(train.lr),
          .lr_qi = svd.lr_qi.value_or(train.lr),
          .reg_bu = svd.reg_bu.value_or(lambda),
          .reg_bi = svd.reg_bi.value_or(lambda),
          .reg_pu = svd.reg_pu.value_or(lambda),
          .reg_qi = svd.reg_qi.value_or(lambda),
          .biased = svd.biased};
}

/// Rows by user, users in order of their first row: the order in which Surprise's trainset lists
/// them.
Interactions grouped_by_user(const Interactions& rows, int32_t users) {
  std::vector<int32_t> rank(users, -1);
  int32_t next = 0;
  for (const int32_t u : rows.user) {
    if (rank[u] < 0) rank[u] = next++;
  }
  std::vector<int64_t> order(rows.size());
  counting_sort(
      rows.size(), next, [&](int64_t n) { return rank[rows.user[n]]; },
      [&](int64_t n, int64_t place) { order[place] = n; });
  Interactions out;
  out.reserve(rows.size());
  for (const int64_t n : order) out.push(rows.user[n], rows.item[n], rows.rating[n]);
  return out;
}

/// The solver's copies of the module's tables, and back. svdpp has one table more.
template <typename T>
void load_tables(const ScoreTables& module, SvdTables<T>& tables) {
  tables.mean = module.alpha.item<T>();
  to_padded(module.beta_user, 1, tables.bu.data());
  to_padded(module.beta_item, 1, tables.bi.data());
  to_padded(module.gamma_user, tables.stride, tables.p.data());
  to_padded(module.gamma_item, tables.stride, tables.q.data());
}

template <typename T>
void store_tables(const SvdTables<T>& tables, const ScoreTables& module) {
  from_padded(tables.bu.data(), 1, module.beta_user);
  from_padded(tables.bi.data(), 1, module.beta_item);
  from_padded(tables.p.data(), tables.stride, module.gamma_user);
  from_padded(tables.q.data(), tables.stride, module.gamma_item);
}

/// What the exact and the fast solver share: T is double or float.
template <typename T>
class SvdSteps : public Stepper {
 public:
  SvdSteps(const FitContext& fit, int32_t stride)
      : config_(fit.config),
        module_(fit.model.tables()),
        rows_(fit.rows),
        rates_(rates_of(fit.config)),
        tables_(fit.users(), fit.items(),
                static_cast<int32_t>(fit.config.model.factors), stride) {}

  void start() override {
    zero_unseen(module_.gamma_user, rows_.user);
    zero_unseen(module_.gamma_item, rows_.item);
    load();
  }
  void restore(const Checkpoint&) override { load(); }
  void sync() override {
    store_tables(tables_, module_);
  }
  std::string remedy() const override { return lower_rate(config_.train); }
  int64_t samples_per_step() const override { return rows_.size(); }

 protected:
  void load() {
    load_tables(module_, tables_);
  }

  const RunConfig& config_;
  ScoreTables module_;
  const Interactions& rows_;
  SvdRates rates_;
  SvdTables<T> tables_;
};

class FastSvdSteps : public SvdSteps<float> {
 public:
  FastSvdSteps(const FitContext& fit)
      : SvdSteps(fit, svd_stride(static_cast<int32_t>(fit.config.model.factors))),
        blocks_(fit.rows, fit.users(), fit.items(),
                static_cast<uint64_t>(fit.config.train.seed)) {}

  StepReport step(int64_t done, bool) override {
    return {blocks_.epoch(tables_, rates_, done, static_cast<int>(config_.train.threads)), {}, {}};
  }

 private:
  SvdBlocks blocks_;
};

class ExactSvdSteps : public SvdSteps<double> {
 public:
  ExactSvdSteps(const FitContext& fit)
      : SvdSteps(fit, static_cast<int32_t>(fit.config.model.factors)),
        ordered_(grouped_by_user(fit.rows, fit.users())) {}

  StepReport step(int64_t, bool) override {
    return {svd_epoch_exact(tables_, ordered_, rates_), {}, {}};
  }

 private:
  Interactions ordered_;
};

SvdppRates svdpp_rates_of(const RunConfig& config) {
  const TrainOptions& train = config.train;
  const SvdppOptions& own = config.svdpp;
  const double lambda = train.lambda.value.value();
  SvdppRates out;
  out.lr_bu = own.lr_bu.value_or(train.lr);
  out.lr_bi = own.lr_bi.value_or(train.lr);
  out.lr_pu = own.lr_pu.value_or(train.lr);
  out.lr_qi = own.lr_qi.value_or(train.lr);
  out.lr_yj = own.lr_yj.value_or(train.lr);
  out.reg_bu = own.reg_bu.value_or(lambda);
  out.reg_bi = own.reg_bi.value_or(lambda);
  out.reg_pu = own.reg_pu.value_or(lambda);
  out.reg_qi = own.reg_qi.value_or(lambda);
  out.reg_yj = own.reg_yj.value_or(lambda);
  out.biased = true;
  return out;
}

template <typename T>
class SvdppSteps : public Stepper {
 public:
  SvdppSteps(const FitContext& fit, int32_t stride)
      : config_(fit.config),
        model_(dynamic_cast<SvdppImpl&>(fit.model)),
        module_(model_.tables()),
        rows_(grouped_by_user(fit.rows, fit.users())),
        rates_(svdpp_rates_of(fit.config)),
        tables_(fit.users(), fit.items(), static_cast<int32_t>(fit.config.model.factors),
                stride) {}

  void start() override {
    zero_unseen(module_.gamma_user, rows_.user);
    zero_unseen(module_.gamma_item, rows_.item);
    zero_unseen(model_.implicit_item(), rows_.item);
    load();
    sync();
  }
  void restore(const Checkpoint&) override { load(); }
  void sync() override {
    store_tables(tables_, module_);
    from_padded(tables_.y.data(), tables_.stride, model_.implicit_item());
    fold_implicit(tables_, rows_, model_.folded_user().template data_ptr<T>());
  }
  StepReport step(int64_t, bool) override {
    if constexpr (std::is_same_v<T, double>) {
      return {svdpp_epoch_exact(tables_, rows_, rates_), {}, {}};
    } else {
      return {svdpp_epoch(tables_, rows_, rates_), {}, {}};
    }
  }
  std::string remedy() const override { return lower_rate(config_.train); }
  int64_t samples_per_step() const override { return rows_.size(); }

 private:
  void load() {
    load_tables(module_, tables_);
    to_padded(model_.implicit_item(), tables_.stride, tables_.y.data());
  }

  const RunConfig& config_;
  SvdppImpl& model_;
  ScoreTables module_;
  Interactions rows_;
  SvdppRates rates_;
  SvdppTables<T> tables_;
};

}  // namespace

std::unique_ptr<Stepper> make_svdpp_solver(const FitContext& fit) {
  const auto factors = static_cast<int32_t>(fit.config.model.factors);
  if (fit.config.train.exact) return std::make_unique<SvdppSteps<double>>(fit, factors);
  return std::make_unique<SvdppSteps<float>>(fit, svd_stride(factors));
}

std::unique_ptr<Stepper> make_baseline_solver(const FitContext& fit) {
  return std::make_unique<BaselineSteps>(fit);
}

std::unique_ptr<Stepper> make_svd_solver(const FitContext& fit) {
  if (fit.config.train.exact) return std::make_unique<ExactSvdSteps>(fit);
  return std::make_unique<FastSvdSteps>(fit);
}

}  // namespace latent
