// The catalogue's row of model.name = mf.
#include <algorithm>
#include <initializer_list>

#include "src/config/catalog_rows.h"
#include "src/config/mf_settings.h"

namespace latent {

namespace {

bool is_loss(const RunConfig& c, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](auto name) { return c.mf.loss == name; });
}
bool with_tau(const RunConfig& c) { return is_loss(c, {"softmax", "bsl", "sl_at_k"}); }
bool with_margin(const RunConfig& c) { return is_loss(c, {"hinge", "ccl"}); }
bool with_negative_weight(const RunConfig& c) { return is_loss(c, {"mse", "bce", "ccl"}); }
bool is_bsl(const RunConfig& c) { return is_loss(c, {"bsl"}); }
bool is_sl_at_k(const RunConfig& c) { return is_loss(c, {"sl_at_k"}); }
bool is_directau(const RunConfig& c) { return is_loss(c, {"directau"}); }
bool with_negatives(const RunConfig& c) { return has_negatives(c.mf); }
bool draws_negatives(const RunConfig& c) {
  return with_negatives(c) && c.train.negative_sampling != "in_batch";
}
bool by_popularity(const RunConfig& c) {
  return with_negatives(c) && c.train.negative_sampling == "popularity";
}
bool with_item_bias(const RunConfig& c) { return c.mf.bias; }
bool penalty_falls_back(const RunConfig& c) {
  return !c.train.lambda_factors || (c.mf.bias && !c.train.lambda_item_bias);
}

constexpr const char* kWithNegatives = "mf.loss is not directau";

/// What it reads beside the knobs of every model that is trained by gradient.
std::vector<ReadKnob> own_reads() {
  return {{"model.factors"},
          {"model.precision"},
          {"train.lambda", penalty_falls_back, "a penalty of train.lambda_* is null"},
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
          {"mf."}};
}

}  // namespace

ModelInfo mf_model(std::vector<ReadKnob> reads) {
  for (ReadKnob& own : own_reads()) reads.push_back(std::move(own));
  return {"mf",
          "gamma_u . gamma_i or its cosine, each positive against many negatives (mf.loss)",
          Task::kRanking,
          Trained::kByGradient,
          Negatives::kMany,
          /*has_factors=*/true,
          /*clips=*/false,
          /*in_double=*/[](const RunConfig&) { return false; },
          std::move(reads),
          {{"model.factors", 64},
           {"model.init", "xavier"},
           {"train.batch_size", 2048},
           {"train.epochs", 20},
           {"train.lambda", 0.0},
           {"train.lr", 0.003}},
          {{"mf.tau", "auto"},
           {"train.batch_size", "auto"},
           {"train.user_dropout", 0.3},
           {"train.lr", 0.0015},
           {"train.epochs", 200},
           {"train.patience", 5},
           {"train.refit", true}}};
}

}  // namespace latent
