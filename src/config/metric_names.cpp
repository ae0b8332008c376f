#include "src/config/metric_names.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "src/base/error.h"
#include "src/config/catalog.h"

namespace latent {

namespace {

constexpr std::array<std::string_view, 4> kRatingNames = {"mse", "rmse", "mae", "rounded_mse"};
constexpr std::array<std::string_view, 6> kRankingNames = {"recall", "ndcg", "hit",
                                                           "precision", "map", "mrr"};

/// ndcg at the least cut-off of at least 10, or at the last one where all are below.
std::string usual_ranking_metric(const std::vector<int64_t>& cut_offs) {
  int64_t k = cut_offs.back();
  for (const int64_t c : cut_offs) {
    if (c >= 10) k = k < 10 ? c : std::min(k, c);
  }
  return "ndcg@" + std::to_string(k);
}

bool is_ranking_metric(const std::string& name) {
  if (name == "auc") return true;
  const size_t at = name.find('@');
  if (at == std::string::npos || std::ranges::count(kRankingNames, name.substr(0, at)) == 0)
    return false;
  const std::string k = name.substr(at + 1);
  return !k.empty() && k.size() < 10 && k.find_first_not_of("0123456789") == std::string::npos &&
         std::stoll(k) > 0;
}

}  // namespace

bool is_rating_metric(const std::string& name) {
  return std::ranges::count(kRatingNames, name) > 0;
}

std::string main_metric(const RunConfig& config) {
  const bool ranks = model_info(config.model.name).task == Task::kRanking;
  return ranks ? usual_ranking_metric(config.eval.k) : "rmse";
}

bool is_error_metric(const std::string& name) {
  return is_rating_metric(name.substr(name.rfind('_') + 1));  // "warm_rmse"
}

std::string monitored_metric(const RunConfig& config) {
  const std::string& name = config.train.monitor;
  const bool ranks = model_info(config.model.name).task == Task::kRanking;
  if (name == "auto") return ranks ? usual_ranking_metric(config.eval.k) : "mse";
  if (is_ranking_metric(name)) return name;
  if (is_rating_metric(name)) {
    if (!ranks) return name;
    throw Error("train.monitor = " + name + " needs a model of ratings; " + config.model.name +
                " ranks (try ndcg@10 or auc)");
  }
  throw Error("train.monitor = " + in_quotes(name) +
              " is no metric; take mse, rmse, mae, auc, or recall, ndcg, hit, precision, map, mrr "
              "with a cut-off (ndcg@10)");
}

}  // namespace latent
