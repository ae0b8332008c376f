#include "src/run/solver_steps.h"

#include <cmath>

#include "src/base/error.h"
#include "src/solve/baseline_als.h"
#include "src/solve/bpr_sgd.h"
#include "src/solve/ials.h"
#include "src/solve/pair_weights.h"
#include "src/solve/svd_sgd.h"

namespace latent {

namespace {

using torch::Tensor;

/// Whether a row of training names user (or item) n.
std::vector<char> seen_in(const std::vector<int32_t>& ids, int64_t count) {
  std::vector<char> seen(count);
  for (const int32_t id : ids) seen[id] = 1;
  return seen;
}

/// Zeroes the rows of users or items without training rows: they have no factors to speak of, so
/// that what is known of the other side alone counts.
void zero_unseen(Tensor table, const std::vector<int32_t>& ids) {
  const torch::NoGradGuard no_grad;
  const std::vector<char> seen = seen_in(ids, table.size(0));
  for (int64_t n = 0; n < table.size(0); ++n) {
    if (!seen[n]) table[n].zero_();
  }
}

/// Between a contiguous table [R, K] and padded rows of `stride` numbers.
template <typename T>
void to_padded(const Tensor& table, int32_t stride, T* out) {
  const int64_t columns = table.dim() < 2 ? 1 : table.size(1);
  const T* in = table.const_data_ptr<T>();
  for (int64_t n = 0; n < table.size(0); ++n)
    std::copy(in + n * columns, in + (n + 1) * columns, out + n * stride);
}

template <typename T>
void from_padded(const T* in, int32_t stride, const Tensor& table) {
  const int64_t columns = table.dim() < 2 ? 1 : table.size(1);
  T* out = table.data_ptr<T>();
  for (int64_t n = 0; n < table.size(0); ++n)
    std::copy(in + n * stride, in + n * stride + columns, out + n * columns);
}

std::string lower_rate(const RunConfig& config) {
  return "lower train.lr (now " + nlohmann::json(config.train.lr).dump() + ")";
}

class BaselineSteps : public Stepper {
 public:
  BaselineSteps(Setup& setup, const Interactions& rows)
      : tables_(setup.model->tables()),
        als_(rows, setup.data.users.size(), setup.data.items.size(), mean_rating(rows),
             setup.config.baseline.reg_u, setup.config.baseline.reg_i,
             static_cast<int>(setup.config.train.threads)) {}

  StepReport step(int64_t) override {
    return {als_.epoch(tables_.beta_user.data_ptr<double>(), tables_.beta_item.data_ptr<double>()),
            {}, {}};
  }
  std::string remedy() const override { return "raise baseline.reg_u and baseline.reg_i"; }

 private:
  ScoreTables tables_;
  BaselineAls als_;
};

SvdRates rates_of(const RunConfig& config) {
  const TrainOptions& train = config.train;
  const SvdOptions& svd = config.svd;
  return {.lr_bu = svd.lr_bu.value_or(train.lr),
          .lr_bi = svd.lr_bi.value_or(train.lr),
          .lr_pu = svd.lr_pu.value_or(train.lr),
          .lr_qi = svd.lr_qi.value_or(train.lr),
          .reg_bu = svd.reg_bu.value_or(train.lambda),
          .reg_bi = svd.reg_bi.value_or(train.lambda),
          .reg_pu = svd.reg_pu.value_or(train.lambda),
          .reg_qi = svd.reg_qi.value_or(train.lambda),
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
  std::vector<int64_t> at(next + 1), order(rows.size());
  for (const int32_t u : rows.user) ++at[rank[u] + 1];
  for (int32_t n = 0; n < next; ++n) at[n + 1] += at[n];
  for (int64_t n = 0; n < rows.size(); ++n) order[at[rank[rows.user[n]]]++] = n;
  Interactions out;
  out.reserve(rows.size());
  for (const int64_t n : order) out.push(rows.user[n], rows.item[n], rows.rating[n]);
  return out;
}

/// What the exact and the fast solver share: T is double or float.
template <typename T>
class SvdSteps : public Stepper {
 public:
  SvdSteps(Setup& setup, const Interactions& rows, int32_t stride)
      : config_(setup.config),
        module_(setup.model->tables()),
        rows_(rows),
        rates_(rates_of(setup.config)),
        tables_(setup.data.users.size(), setup.data.items.size(),
                static_cast<int32_t>(setup.config.model.factors), stride) {}

  void start() override {
    zero_unseen(module_.gamma_user, rows_.user);
    zero_unseen(module_.gamma_item, rows_.item);
    load();
  }
  void restore(const Checkpoint&) override { load(); }
  void sync() override {
    from_padded(tables_.bu.data(), 1, module_.beta_user);
    from_padded(tables_.bi.data(), 1, module_.beta_item);
    from_padded(tables_.p.data(), tables_.stride, module_.gamma_user);
    from_padded(tables_.q.data(), tables_.stride, module_.gamma_item);
  }
  std::string remedy() const override { return lower_rate(config_); }

 protected:
  void load() {
    tables_.mean = module_.alpha.item<T>();
    to_padded(module_.beta_user, 1, tables_.bu.data());
    to_padded(module_.beta_item, 1, tables_.bi.data());
    to_padded(module_.gamma_user, tables_.stride, tables_.p.data());
    to_padded(module_.gamma_item, tables_.stride, tables_.q.data());
  }

  const RunConfig& config_;
  ScoreTables module_;
  const Interactions& rows_;
  SvdRates rates_;
  SvdTables<T> tables_;
};

class FastSvdSteps : public SvdSteps<float> {
 public:
  FastSvdSteps(Setup& setup, const Interactions& rows)
      : SvdSteps(setup, rows, svd_stride(static_cast<int32_t>(setup.config.model.factors))),
        blocks_(rows, setup.data.users.size(), setup.data.items.size(),
                static_cast<uint64_t>(setup.config.train.seed)) {}

  StepReport step(int64_t done) override {
    return {blocks_.epoch(tables_, rates_, done, static_cast<int>(config_.train.threads)), {}, {}};
  }

 private:
  SvdBlocks blocks_;
};

class ExactSvdSteps : public SvdSteps<double> {
 public:
  ExactSvdSteps(Setup& setup, const Interactions& rows)
      : SvdSteps(setup, rows, static_cast<int32_t>(setup.config.model.factors)),
        ordered_(grouped_by_user(rows, setup.data.users.size())) {}

  StepReport step(int64_t) override { return {svd_epoch_exact(tables_, ordered_, rates_), {}, {}}; }

 private:
  Interactions ordered_;
};

/// implicit's progress line counts in percent.
std::string share_text(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f%%", 100 * share);
  return text;
}

class ImplicitBprSteps : public Stepper {
 public:
  ImplicitBprSteps(Setup& setup, const Interactions& rows)
      : config_(setup.config),
        module_(setup.model->tables()),
        rows_(rows),
        solver_(user_items(rows, setup.data.users.size()), setup.data.items.size(),
                {config_.train.lr, config_.train.lambda,
                 config_.implicit_bpr.verify_negative_samples},
                static_cast<uint64_t>(config_.train.seed)),
        tables_(setup.data.users.size(), setup.data.items.size(),
                static_cast<int32_t>(config_.model.factors)),
        generator_(static_cast<uint32_t>(config_.train.seed)) {}

  void start() override {
    zero_unseen(module_.gamma_user, rows_.user);
    zero_unseen(module_.gamma_item, rows_.item);
    zero_unseen(module_.beta_item, rows_.item);
    load();
  }

  StepReport step(int64_t done) override {
    const TrainOptions& train = config_.train;
    const int threads = static_cast<int>(train.threads);
    const BprCounts counts =
        train.deterministic ? solver_.epoch_deterministic(tables_, done, threads)
        : as_implicit()     ? solver_.epoch_exact(tables_, generator_)
                            : solver_.epoch(tables_, done, threads);
    const int64_t tried = counts.samples - counts.skipped;
    if (tried == 0) {
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
    const int32_t bias = tables_.factors;
    from_padded(tables_.users.data(), tables_.stride, module_.gamma_user);
    from_padded(tables_.items.data(), tables_.stride, module_.gamma_item);
    from_padded(tables_.items.data() + bias, tables_.stride, module_.beta_item);
  }

  void save(Checkpoint& out) const override {
    if (as_implicit()) out.state["generator"] = generator_text(generator_);
  }
  void restore(const Checkpoint& from) override {
    if (as_implicit() && from.state.contains("generator"))
      generator_ = generator_from_text(from.state["generator"]);
    load();
  }
  std::string remedy() const override { return lower_rate(config_); }

 private:
  /// One thread goes through the samples as implicit does.
  bool as_implicit() const {
    return config_.train.exact || (config_.train.threads == 1 && !config_.train.deterministic);
  }

  void load() {
    const int32_t bias = tables_.factors;
    to_padded(module_.gamma_user, tables_.stride, tables_.users.data());
    to_padded(module_.gamma_item, tables_.stride, tables_.items.data());
    to_padded(module_.beta_item, tables_.stride, tables_.items.data() + bias);
    for (int64_t u = 0; u < module_.gamma_user.size(0); ++u)
      tables_.users[u * tables_.stride + bias] = 1;
  }

  const RunConfig& config_;
  ScoreTables module_;
  const Interactions& rows_;
  BprSgd solver_;
  BprTables tables_;
  std::mt19937 generator_;
};

/// LAPACK's, on one thread so that its bits do not depend on how many there are.
void symmetric_eigen(int d, double* matrix, double* values) {
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor m = torch::from_blob(matrix, {d, d}, torch::kDouble);
  const auto [w, v] = at::linalg_eigh(m);
  std::copy_n(w.contiguous().const_data_ptr<double>(), d, values);
  m.copy_(v.contiguous());
  at::set_num_threads(threads);
}

class IalsSteps : public Stepper {
 public:
  IalsSteps(Setup& setup, const Interactions& rows)
      : config_(setup.config),
        module_(setup.model->tables()),
        solver_(observed(setup, rows), setup.data.items.size(),
                static_cast<int>(config_.model.factors),
                {config_.ials.form == "implicit", config_.ials.alpha0, config_.ials.reg,
                 config_.ials.nu, config_.ials.alpha},
                symmetric_eigen, static_cast<int>(config_.train.threads)) {}

  void start() override { load(); }
  void restore(const Checkpoint&) override { load(); }
  StepReport step(int64_t) override { return {solver_.iterate(), {}, {}}; }
  void sync() override {
    solver_.store(module_.gamma_user.data_ptr<float>(), module_.gamma_item.data_ptr<float>());
  }
  std::string remedy() const override {
    return "raise ials.reg (now " + nlohmann::json(config_.ials.reg).dump() + ")";
  }

 private:
  static WeightedRows observed(const Setup& setup, const Interactions& rows) {
    const RunConfig& config = setup.config;
    WeightedRows pairs = pair_weights(rows, setup.data.users.size(), setup.data.items.size(),
                                      config.data.weight);
    if (config.ials.form == "ials") pairs.weight.clear();
    return pairs;
  }
  void load() {
    solver_.load(module_.gamma_user.const_data_ptr<float>(),
                 module_.gamma_item.const_data_ptr<float>());
  }

  const RunConfig& config_;
  ScoreTables module_;
  IalsSolver solver_;
};

}  // namespace

std::unique_ptr<Stepper> make_solver(Setup& setup, const Interactions& rows) {
  const std::string& name = setup.config.model.name;
  if (name == "baseline") return std::make_unique<BaselineSteps>(setup, rows);
  if (name == "svd" && setup.config.train.exact)
    return std::make_unique<ExactSvdSteps>(setup, rows);
  if (name == "svd") return std::make_unique<FastSvdSteps>(setup, rows);
  if (name == "implicit_bpr") return std::make_unique<ImplicitBprSteps>(setup, rows);
  if (name == "ials") return std::make_unique<IalsSteps>(setup, rows);
  throw std::logic_error("no solver for model '" + name + "'");
}

void check_solver(const RunConfig& config) {
  const std::string& name = config.model.name;
  if (config.train.exact && name != "svd" && name != "implicit_bpr")
    throw Error("train.exact is for svd and implicit_bpr; leave it out for " + name);
  if (config.train.exact && config.train.deterministic)
    throw Error("train.exact runs on one thread, so train.deterministic has no meaning beside it");
  if (config.data.weight != "none" && (name != "ials" || config.ials.form != "implicit"))
    throw Error("data.weight = " + config.data.weight +
                " needs model.name = ials with ials.form = implicit");
}

}  // namespace latent
