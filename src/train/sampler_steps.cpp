// bayesian_mf as steps of the training loop: a pass of the sampler each.
#include "models/models_with_sets.h"
#include "src/base/error.h"
#include "src/solve/bayesian_mf.h"
#include "src/train/solver_steps.h"

namespace latent {

namespace {

constexpr const char* kState[] = {"sampler.users", "sampler.items", "sampler.items_of_users",
                                  "sampler.users_of_items"};

class BayesianMfSteps : public Stepper {
 public:
  explicit BayesianMfSteps(const FitContext& fit)
      : rows_(fit.rows),
        bayes_(fit.config.bayes),
        factors_(fit.config.model.factors),
        model_(dynamic_cast<BayesianMfImpl&>(fit.model)),
        solver_(fit.rows, fit.users(), fit.items(),
                {.factors = static_cast<int32_t>(factors_),
                 .implicit_users = bayes_.implicit_users,
                 .implicit_items = bayes_.implicit_items,
                 .seed = static_cast<uint64_t>(fit.config.train.seed),
                 .threads = static_cast<int>(fit.config.train.threads)}) {}

  void start() override { solver_.start(); }

  StepReport step(int64_t done, bool) override {
    const double error = solver_.pass(done);
    // Until the first draw that counts, its place holds the newest one.
    const int64_t counted = done + 1 - bayes_.burn_in;
    const int64_t kept = std::min(counted / bayes_.thin, bayes_.kept());
    const bool keeps = counted > 0 && counted % bayes_.thin == 0 && counted <= bayes_.samples;
    if (kept <= 0 || keeps) keep(std::max<int64_t>(kept, 1) - 1);
    return {error, {{"noise_variance", solver_.noise_variance()}}, {}};
  }

  void save(Checkpoint& out) const override {
    size_t n = 0;
    for (const std::span<double> values : solver_.state()) {
      if (!values.empty())
        out.tensors.emplace_back(kState[n], torch::from_blob(values.data(), {std::ssize(values)},
                                                             torch::kDouble));
      ++n;
    }
  }
  void restore(const Checkpoint& from) override {
    size_t n = 0;
    for (const std::span<double> values : solver_.state()) {
      if (!values.empty())
        copy_named(from.tensors, kState[n], torch::from_blob(values.data(), {std::ssize(values)},
                                                             torch::kDouble));
      ++n;
    }
    solver_.restored();
  }
  std::string remedy() const override { return "look at the ratings"; }
  int64_t samples_per_step() const override { return rows_.size(); }

 private:
  void keep(int64_t draw) {
    const torch::NoGradGuard no_grad;
    const ScoreTables tables = model_.tables();
    const ScoreDraws places = model_.places();
    solver_.store({.user_bias = places.beta_user.data_ptr<float>() + draw,
                   .item_bias = places.beta_item.data_ptr<float>() + draw,
                   .user_factors = tables.gamma_user.data_ptr<float>() + draw * factors_,
                   .item_factors = tables.gamma_item.data_ptr<float>() + draw * factors_,
                   .bias_stride = bayes_.kept(),
                   .stride = bayes_.kept() * factors_});
    places.variance.data_ptr<float>()[draw] = static_cast<float>(solver_.noise_variance());
    model_.set_made(draw + 1);
  }

  const Interactions& rows_;
  const BayesOptions& bayes_;
  int64_t factors_;
  BayesianMfImpl& model_;
  mutable BayesianMf solver_;
};

}  // namespace

std::unique_ptr<Stepper> make_bayesian_mf_solver(const FitContext& fit) {
  return std::make_unique<BayesianMfSteps>(fit);
}

}  // namespace latent
