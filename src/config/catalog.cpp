#include "src/config/catalog.h"

#include <stdexcept>

#include "src/config/catalog_rows.h"

namespace latent {

namespace {

bool always(const RunConfig&) { return true; }
bool never(const RunConfig&) { return false; }

// Conditions on which knobs are read, with the words for them.

bool user_bias_falls_back(const RunConfig& c) { return !c.train.lambda_user_bias; }
bool item_bias_falls_back(const RunConfig& c) { return !c.train.lambda_item_bias; }
bool factors_fall_back(const RunConfig& c) { return !c.train.lambda_factors; }
bool any_bias_falls_back(const RunConfig& c) {
  return user_bias_falls_back(c) || item_bias_falls_back(c);
}
bool any_penalty_falls_back(const RunConfig& c) {
  return any_bias_falls_back(c) || factors_fall_back(c);
}
bool item_penalty_falls_back(const RunConfig& c) {
  return item_bias_falls_back(c) || factors_fall_back(c);
}

bool is_biased(const RunConfig& c) { return c.svd.biased; }
bool svd_rate_falls_back(const RunConfig& c) {
  return !c.svd.lr_pu || !c.svd.lr_qi || (is_biased(c) && (!c.svd.lr_bu || !c.svd.lr_bi));
}
bool svd_penalty_falls_back(const RunConfig& c) {
  return !c.svd.reg_pu || !c.svd.reg_qi || (is_biased(c) && (!c.svd.reg_bu || !c.svd.reg_bi));
}

bool svdpp_rate_falls_back(const RunConfig& c) {
  const SvdppOptions& o = c.svdpp;
  return !o.lr_bu || !o.lr_bi || !o.lr_pu || !o.lr_qi || !o.lr_yj;
}
bool svdpp_penalty_falls_back(const RunConfig& c) {
  const SvdppOptions& o = c.svdpp;
  return !o.reg_bu || !o.reg_bi || !o.reg_pu || !o.reg_qi || !o.reg_yj;
}

bool ials_form(const RunConfig& c) { return c.ials.form == "ials"; }
bool implicit_form(const RunConfig& c) { return c.ials.form == "implicit"; }

bool normal_init(const RunConfig& c) { return c.model.init == "normal"; }

constexpr const char* kLambdaIsNull = "a penalty of train.lambda_* is null";
constexpr const char* kBiased = "svd.biased is true";
constexpr const char* kNormal = "model.init is normal";
constexpr const char* kIalsForm = "ials.form is ials";
constexpr const char* kImplicitForm = "ials.form is implicit";

using Knobs = std::vector<ReadKnob>;

Knobs joined(Knobs first, const Knobs& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Of every model that passes over the rows until it is told to stop.
Knobs of_passes(const Knobs& more) {
  return joined({{"train.steps"},
                 {"train.epochs"},
                 {"train.rows"},
                 {"train.patience"},
                 {"train.monitor"},
                 {"train.eval_every"},
                 {"train.refit"}},
                more);
}

/// Of those that may begin with the tables of another one.
Knobs of_training(const Knobs& more) {
  return joined(of_passes({{"model.init_path"}, {"model.init_from"}}), more);
}

Knobs of_gradient(const Knobs& more) {
  return joined(of_training({{"train.form"},
                             {"train.lr"},
                             {"train.optimizer"},
                             {"train.batch_size"},
                             {"train.order"},
                             {"train.log_every"},
                             {"model.init"},
                             {"model.init_mean", normal_init, kNormal},
                             {"model.init_std", normal_init, kNormal}}),
                more);
}

Knobs of_svd() {
  return of_training({{"data.rating_scale"},
                      {"model.factors"},
                      {"model.init_mean"},
                      {"model.init_std"},
                      {"train.lr", svd_rate_falls_back, "a rate of svd.lr_* is null"},
                      {"train.lambda", svd_penalty_falls_back, "a penalty of svd.reg_* is null"},
                      {"train.exact"},
                      {"svd.lr_bu", is_biased, kBiased},
                      {"svd.lr_bi", is_biased, kBiased},
                      {"svd.reg_bu", is_biased, kBiased},
                      {"svd.reg_bi", is_biased, kBiased},
                      {"svd."}});
}

Knobs of_ials() {
  return of_training({{"data.weight", implicit_form, kImplicitForm},
                      {"model.factors"},
                      {"model.init_mean"},
                      {"model.init_std"},
                      {"ials.alpha0", ials_form, kIalsForm},
                      {"ials.nu", ials_form, kIalsForm},
                      {"ials.alpha", implicit_form, kImplicitForm},
                      {"ials."}});
}

/// Trained on passes of its own number, without a validation part.
Knobs of_bayesian_mf() {
  return {{"data.rating_scale"}, {"model.factors"}, {"train.rows"}, {"bayes."}};
}

Knobs of_svdpp() {
  return of_passes(
      {{"data.rating_scale"},
       {"model.factors"},
       {"model.init_mean"},
       {"model.init_std"},
       {"train.lr", svdpp_rate_falls_back, "a rate of svdpp.lr_* is null"},
       {"train.lambda", svdpp_penalty_falls_back, "a penalty of svdpp.reg_* is null"},
       {"train.exact"},
       {"svdpp."}});
}

Knobs of_elsa() {
  return of_training({{"model.factors"},
                      {"model.init_mean"},
                      {"model.init_std"},
                      {"train.lr"},
                      {"train.batch_size"}});
}

constexpr bool kFactors = true, kClips = true;

using Defaults = std::vector<std::pair<std::string, nlohmann::json>>;

/// Of a model that a validation part may stop.
Defaults until_stopped(int64_t most_passes, Defaults more) {
  more.insert(more.end(), {{"train.epochs", most_passes},
                           {"train.patience", 5},
                           {"train.refit", true}});
  return more;
}

/// Of one that is trained by gradient.
Defaults gradient_until_stopped(double lr, Defaults more) {
  more.insert(more.end(), {{"model.init_std", 0.05},
                           {"train.batch_size", "auto"},
                           {"train.lambda", "auto"},
                           {"train.lr", lr}});
  return until_stopped(200, std::move(more));
}

std::vector<ModelInfo> rating_models() {
  return {
      {"mean", "always the training mean", Task::kRating, Trained::kNot, Negatives::kNone,
       !kFactors, !kClips, never, {{"data.rating_scale"}}, {}},
      {"bias_only", "alpha + beta_u + beta_i (Exercise 5.1)", Task::kRating, Trained::kByGradient,
       Negatives::kNone, !kFactors, !kClips, never,
       of_gradient({{"data.rating_scale"},
                    {"train.lambda", any_bias_falls_back, kLambdaIsNull},
                    {"train.lambda_user_bias"},
                    {"train.lambda_item_bias"}}),
       {}, gradient_until_stopped(0.005, {})},
      {"latent_factor", "alpha + beta_u + beta_i + gamma_u . gamma_i", Task::kRating,
       Trained::kByGradient, Negatives::kNone, kFactors, !kClips, never,
       of_gradient({{"data.rating_scale"},
                    {"model.factors"},
                    {"model.precision"},
                    {"train.lambda", any_penalty_falls_back, kLambdaIsNull},
                    {"train.lambda_user_bias"},
                    {"train.lambda_item_bias"},
                    {"train.lambda_factors"}}),
       {}, gradient_until_stopped(0.005, {{"model.factors", 20}})},
  };
}

ModelInfo bpr() {
  return {"bpr",
          "beta_i + gamma_u . gamma_i, ranked against sampled negatives (Rendle et al., 2009)",
          Task::kRanking, Trained::kByGradient, Negatives::kOne, kFactors, !kClips, never,
          of_gradient({{"model.factors"},
                       {"model.precision"},
                       {"train.lambda", item_penalty_falls_back, kLambdaIsNull},
                       {"train.lambda_item_bias"},
                       {"train.lambda_factors"}}),
          {}, gradient_until_stopped(0.003, {{"model.factors", 64}})};
}

std::vector<ModelInfo> solved_models() {
  return {
      {"baseline", "alpha + beta_u + beta_i by alternating least squares (Surprise's BaselineOnly)",
       Task::kRating, Trained::kBySolver, Negatives::kNone, !kFactors, kClips, always,
       of_training({{"data.rating_scale"}, {"baseline."}}), {{"train.epochs", 10}}},
      {"svd", "alpha + beta_u + beta_i + gamma_u . gamma_i by SGD (Surprise's SVD)", Task::kRating,
       Trained::kBySolver, Negatives::kNone, kFactors, kClips,
       [](const RunConfig& c) { return c.train.exact; }, of_svd(),
       {{"model.factors", 100},
        {"model.init_std", 0.1},
        {"train.epochs", 20},
        {"train.lr", 0.005},
        {"train.lambda", 0.02}},
       until_stopped(100, {{"train.lambda", 0.05}})},
      {"implicit_bpr", "beta_i + gamma_u . gamma_i by SGD (implicit's BayesianPersonalizedRanking)",
       Task::kRanking, Trained::kBySolver, Negatives::kOne, kFactors, !kClips, never,
       of_training({{"model.factors"},
                    {"train.lr"},
                    {"train.lambda"},
                    {"train.exact"},
                    {"implicit_bpr."}}),
       {{"model.factors", 100},
        {"train.epochs", 100},
        {"train.lr", 0.01},
        {"train.lambda", 0.01}}},
      {"ials", "gamma_u . gamma_i by alternating least squares over all pairs (Hu et al., 2008)",
       Task::kRanking, Trained::kBySolver, Negatives::kNone, kFactors, !kClips, never, of_ials(),
       {{"model.factors", 256}, {"model.init_std", 0.1}, {"train.epochs", 16}}},
  };
}

/// Models in which what a user rated counts beside how, or alone.
std::vector<ModelInfo> models_with_sets() {
  return {
      {"svdpp",
       "svd with the items that a user rated among the user's factors, by SGD (Surprise's SVDpp; "
       "Koren, 2008)",
       Task::kRating, Trained::kBySolver, Negatives::kNone, kFactors, kClips,
       [](const RunConfig& c) { return c.train.exact; }, of_svdpp(),
       {{"model.factors", 20},
        {"model.init_std", 0.1},
        {"train.epochs", 20},
        {"train.lr", 0.007},
        {"train.lambda", 0.02}}},
      {"bayesian_mf",
       "alpha + beta_u + beta_i + gamma_u . gamma_i, the mean over draws by Gibbs sampling "
       "(Salakhutdinov & Mnih, 2008)",
       Task::kRating, Trained::kBySolver, Negatives::kNone, kFactors, kClips, never,
       of_bayesian_mf(), {{"model.factors", 10}}},
      {"elsa",
       "gamma_u . gamma_i where gamma_u is the sum of the user's items' vectors of length 1 "
       "(Vancura et al., 2022)",
       Task::kRanking, Trained::kBySolver, Negatives::kNone, kFactors, !kClips, never, of_elsa(),
       {{"model.factors", 256},
        {"model.init_std", 0.1},
        {"train.epochs", 20},
        {"train.lr", 0.03},
        {"train.batch_size", 512}}},
  };
}

}  // namespace

const std::vector<ModelInfo>& model_catalog() {
  static const std::vector<ModelInfo> rows = [] {
    std::vector<ModelInfo> all = rating_models();
    all.push_back(bpr());
    for (ModelInfo& row : solved_models()) all.push_back(std::move(row));
    all.push_back(mf_model(of_gradient({})));
    for (ModelInfo& row : models_with_sets()) all.push_back(std::move(row));
    for (ModelInfo& row : simple_models()) all.push_back(std::move(row));
    return all;
  }();
  return rows;
}

const ModelInfo& model_info(const std::string& name) {
  for (const ModelInfo& row : model_catalog()) {
    if (row.name == name) return row;
  }
  throw std::logic_error("model '" + name + "' is not in the catalog");
}

bool has_steps(const ModelInfo& info) {
  return info.trained == Trained::kByGradient || info.trained == Trained::kBySolver;
}

bool in_bfloat16(const RunConfig& config) { return config.model.precision == "bfloat16"; }

bool is_pairwise(const ModelInfo& info) {
  return info.trained == Trained::kByGradient && info.negatives != Negatives::kNone;
}

}  // namespace latent
