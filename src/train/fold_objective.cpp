#include "src/train/fold_objective.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <vector>

#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/config/mf_settings.h"
#include "src/solve/pair_weights.h"

namespace latent {

namespace {

struct Fitted {
  const RunConfig& config;
  const Interactions& rows;
  int32_t users, items;

  double count() const { return static_cast<double>(rows.size()); }
  GroupPenalties penalties() const {
    return group_penalties(config.train, rows.size(),
                           model_info(config.model.name).task == Task::kRanking);
  }
};

/// The rating that nine in ten do not exceed: how an item that is given without one was liked.
double liked(const Interactions& rows) {
  Column<float> ratings = rows.rating;
  if (ratings.empty()) return 0;
  const auto place = ratings.begin() + (std::ssize(ratings) - 1) * 9 / 10;
  std::nth_element(ratings.begin(), place, ratings.end());
  return double{*place};
}

/// The notebook's TensorFlow form halves the squared errors of latent_factor, and the penalties of
/// bpr.
double half(const Fitted& f) { return f.config.train.form == "tensorflow" ? 0.5 : 1; }

/// Of solvers, whose penalty is a number.
double penalty_or(const std::optional<double>& own, const RunConfig& config) {
  return own.value_or(*config.train.lambda.value);
}

/// The objective is a mean over all rows, of which a user has n, and the penalty counts once.
FoldInSpec latent_factor(const Fitted& f) {
  FoldInSpec out;
  out.objective = FoldInSpec::kLeastSquares;
  out.ratings = out.has_bias = true;
  out.factors.scale = f.penalties().factors * f.count() / half(f);
  out.bias.scale = f.penalties().user_bias * f.count() / half(f);
  out.liked = liked(f.rows);
  return out;
}

/// Each rating's step pulls with the penalty too: it counts n times.
FoldInSpec by_sgd(const Fitted& f, bool biased, const std::optional<double>& of_bias,
                  const std::optional<double>& of_factors) {
  FoldInSpec out;
  out.objective = FoldInSpec::kLeastSquares;
  out.ratings = true;
  out.has_bias = biased;
  out.factors = {penalty_or(of_factors, f.config), 1, 0, 1};
  out.bias = {penalty_or(of_bias, f.config), 1, 0, 1};
  out.liked = liked(f.rows);
  return out;
}

FoldInSpec svd(const Fitted& f) {
  const SvdOptions& o = f.config.svd;
  return by_sgd(f, o.biased, o.reg_bu, o.reg_pu);
}

FoldInSpec svdpp(const Fitted& f) {
  return by_sgd(f, /*biased=*/true, f.config.svdpp.reg_bu, f.config.svdpp.reg_pu);
}

FoldInSpec bayesian_mf(const Fitted& f) {
  FoldInSpec out;
  out.objective = FoldInSpec::kDraws;
  out.liked = liked(f.rows);
  return out;
}

FoldInSpec ials(const Fitted& f) {
  const IalsOptions& o = f.config.ials;
  const WeightedRows pairs = pair_weights(f.rows, f.users, f.items, f.config.data.weight);
  const auto [alpha0, reg] =
      ials_constants(o, {f.users, f.items, std::ssize(pairs.column)});
  FoldInSpec out;
  out.objective = FoldInSpec::kLeastSquares;
  if (o.form == "ials") {
    out.every_pair = alpha0;
    out.factors = {reg, 1, alpha0 * f.items, o.nu};
    return out;
  }
  const double mean = std::accumulate(pairs.weight.begin(), pairs.weight.end(), 0.0) /
                      std::max(static_cast<double>(pairs.weight.size()), 1.0);
  out.every_pair = 1;
  out.factors.scale = reg;
  out.weighted = f.config.data.weight == "rating";
  // By bm25 a pair's weight depends on all of the item's: here it is the mean weight.
  out.confidence = f.config.data.weight == "bm25" ? o.alpha * mean : o.alpha;
  out.liked = mean;
  return out;
}

FoldInSpec bpr(const Fitted& f) {
  FoldInSpec out;
  out.objective = FoldInSpec::kLoss;
  out.loss = "bpr";
  out.factors.scale = half(f) * f.penalties().factors * f.count();
  return out;
}

/// A step pulls by reg u: half of reg |u|^2 a sample, of which the user has as many as items.
FoldInSpec implicit_bpr(const Fitted& f) {
  FoldInSpec out;
  out.objective = FoldInSpec::kLoss;
  out.loss = "bpr";
  out.popular_negatives = true;
  out.factors = {*f.config.train.lambda.value / 2, 1, 0, 1};
  return out;
}

/// Weights of negatives that are not drawn alike are corrected for in training: here they count
/// alike.
FoldInSpec mf(const Fitted& f) {
  const MfOptions& o = f.config.mf;
  FoldInSpec out;
  out.cosine = is_cosine(o);
  if (o.loss == "directau") {  // alignment alone, where the items lie still
    out.objective = FoldInSpec::kSum;
    return out;
  }
  out.objective = FoldInSpec::kLoss;
  out.loss = o.loss;
  out.tau = tau_of(o, {f.users, f.items, f.rows.size()});
  out.tau2 = o.tau2;
  out.margin = margin_of(o);
  out.negative_weight = negative_weight_of(o);
  // The length of a vector does not matter to cosines, and so no penalty does.
  if (!out.cosine) out.factors.scale = half(f) * f.penalties().factors * f.count();
  return out;
}

FoldInSpec elsa(const Fitted&) {
  FoldInSpec out;
  out.objective = FoldInSpec::kSum;
  return out;
}

struct Row {
  const char* model;
  FoldInSpec (*spec)(const Fitted&);
};
constexpr Row kRows[] = {{"latent_factor", latent_factor}, {"bpr", bpr},
                         {"svd", svd},                     {"svdpp", svdpp},
                         {"bayesian_mf", bayesian_mf},     {"ials", ials},
                         {"implicit_bpr", implicit_bpr},   {"elsa", elsa},
                         {"mf", mf}};

}  // namespace

FoldInSpec fold_objective(const RunConfig& config, const Interactions& rows, int32_t users,
                          int32_t items) {
  const auto* const row = std::ranges::find_if(
      kRows, [&](const Row& r) { return config.model.name == r.model; });
  return row == std::end(kRows) ? FoldInSpec() : row->spec({config, rows, users, items});
}

}  // namespace latent
