#include "src/config/catalog.h"

#include <algorithm>
#include <initializer_list>
#include <stdexcept>

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

bool ials_form(const RunConfig& c) { return c.ials.form == "ials"; }
bool implicit_form(const RunConfig& c) { return c.ials.form == "implicit"; }

bool normal_init(const RunConfig& c) { return c.model.init == "normal"; }

bool is_loss(const RunConfig& c, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](auto name) { return c.mf.loss == name; });
}
bool with_tau(const RunConfig& c) { return is_loss(c, {"softmax", "bsl", "sl_at_k"}); }
bool with_margin(const RunConfig& c) { return is_loss(c, {"hinge", "ccl"}); }
bool with_negative_weight(const RunConfig& c) { return is_loss(c, {"mse", "bce", "ccl"}); }
bool is_bsl(const RunConfig& c) { return is_loss(c, {"bsl"}); }
bool is_sl_at_k(const RunConfig& c) { return is_loss(c, {"sl_at_k"}); }
bool is_directau(const RunConfig& c) { return is_loss(c, {"directau"}); }
bool with_negatives(const RunConfig& c) { return !is_directau(c); }
bool draws_negatives(const RunConfig& c) {
  return with_negatives(c) && c.train.negative_sampling != "in_batch";
}
bool by_popularity(const RunConfig& c) {
  return with_negatives(c) && c.train.negative_sampling == "popularity";
}
bool with_item_bias(const RunConfig& c) { return c.mf.bias; }
bool biased_penalty_falls_back(const RunConfig& c) {
  return factors_fall_back(c) || (c.mf.bias && item_bias_falls_back(c));
}

constexpr const char* kLambdaIsNull = "a penalty of train.lambda_* is null";
constexpr const char* kBiased = "svd.biased is true";
constexpr const char* kNormal = "model.init is normal";
constexpr const char* kWithNegatives = "mf.loss is not directau";
constexpr const char* kIalsForm = "ials.form is ials";
constexpr const char* kImplicitForm = "ials.form is implicit";

using Knobs = std::vector<ReadKnob>;

Knobs joined(Knobs first, const Knobs& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Of every model that is trained.
Knobs of_training(const Knobs& more) {
  return joined({{"train.steps"},
                 {"train.epochs"},
                 {"train.rows"},
                 {"train.patience"},
                 {"train.monitor"},
                 {"train.eval_every"},
                 {"train.refit"},
                 {"model.init_from"}},
                more);
}

Knobs of_gradient(const Knobs& more) {
  return joined(of_training({{"train.form"},
                             {"train.lr"},
                             {"train.optimizer"},
                             {"train.batch_size"},
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

constexpr bool kFactors = true, kClips = true;

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
       {}},
      {"latent_factor", "alpha + beta_u + beta_i + gamma_u . gamma_i", Task::kRating,
       Trained::kByGradient, Negatives::kNone, kFactors, !kClips, never,
       of_gradient({{"data.rating_scale"},
                    {"model.factors"},
                    {"train.lambda", any_penalty_falls_back, kLambdaIsNull},
                    {"train.lambda_user_bias"},
                    {"train.lambda_item_bias"},
                    {"train.lambda_factors"}}),
       {}},
  };
}

ModelInfo bpr() {
  return {"bpr",
          "beta_i + gamma_u . gamma_i, ranked against sampled negatives (Rendle et al., 2009)",
          Task::kRanking, Trained::kByGradient, Negatives::kOne, kFactors, !kClips, never,
          of_gradient({{"model.factors"},
                       {"train.lambda", item_penalty_falls_back, kLambdaIsNull},
                       {"train.lambda_item_bias"},
                       {"train.lambda_factors"}}),
          {}};
}

Knobs of_mf() {
  return of_gradient(
      {{"model.factors"},
       {"train.lambda", biased_penalty_falls_back, kLambdaIsNull},
       {"train.lambda_item_bias", with_item_bias, "mf.bias is true"},
       {"train.lambda_factors"},
       {"train.negatives", draws_negatives,
        "train.negative_sampling is not in_batch and mf.loss not directau"},
       {"train.negatives_shared", with_negatives, kWithNegatives},
       {"train.negative_sampling", with_negatives, kWithNegatives},
       {"train.popularity_power", by_popularity, "train.negative_sampling is popularity"},
       {"train.user_dropout"},
       {"mf.tau", with_tau, "mf.loss is softmax, bsl or sl_at_k"},
       {"mf.tau2", is_bsl, "mf.loss is bsl"},
       {"mf.tau_w", is_sl_at_k, "mf.loss is sl_at_k"},
       {"mf.at_k", is_sl_at_k, "mf.loss is sl_at_k"},
       {"mf.refresh", is_sl_at_k, "mf.loss is sl_at_k"},
       {"mf.margin", with_margin, "mf.loss is hinge or ccl"},
       {"mf.negative_weight", with_negative_weight, "mf.loss is mse, bce or ccl"},
       {"mf.gamma", is_directau, "mf.loss is directau"},
       {"mf."}});
}

std::vector<ModelInfo> many_negatives_models() {
  return {{"mf",
           "gamma_u . gamma_i or its cosine, each positive against many negatives (mf.loss)",
           Task::kRanking, Trained::kByGradient, Negatives::kMany, kFactors, !kClips, never,
           of_mf(),
           {{"model.factors", 64},
            {"model.init", "xavier"},
            {"train.batch_size", 2048},
            {"train.epochs", 20},
            {"train.lambda", 0.0},
            {"train.lr", 0.003}}}};
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
        {"train.lambda", 0.02}}},
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
       {{"model.factors", 64}, {"model.init_std", 0.1}, {"train.epochs", 16}}},
  };
}

}  // namespace

const std::vector<ModelInfo>& model_catalog() {
  static const std::vector<ModelInfo> rows = [] {
    std::vector<ModelInfo> all = rating_models();
    all.push_back(bpr());
    for (ModelInfo& row : solved_models()) all.push_back(std::move(row));
    for (ModelInfo& row : many_negatives_models()) all.push_back(std::move(row));
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

bool is_pairwise(const ModelInfo& info) {
  return info.trained == Trained::kByGradient && info.negatives != Negatives::kNone;
}

}  // namespace latent
