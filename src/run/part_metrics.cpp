#include "src/run/part_metrics.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "src/base/log.h"
#include "src/config/catalog.h"
#include "src/metrics/ranking.h"
#include "src/metrics/rating.h"
#include "src/metrics/sampled_ranking.h"
#include "src/run/device_ranker.h"
#include "src/run/predictions.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

int64_t count_cold(std::span<const int32_t> ids, std::span<const char> cold) {
  std::vector<char> met(cold.size());
  int64_t count = 0;
  for (const int32_t id : ids) {
    if (!cold[id] || met[id]) continue;
    met[id] = 1;
    ++count;
  }
  return count;
}

void add_rating(const Predictions& predictions, const HeldOutPart& part, bool warm_alone,
                PerUserFigures* per_user, ordered_json& out) {
  RatingErrors errors(part.train_mean), of_item_means(part.train_mean);
  UserErrors of_users(per_user == nullptr ? 0 : static_cast<int32_t>(part.cold_user.size()));
  const bool item_means = !part.item_offsets.empty();
  for (int64_t n = 0; n < part.rows.size(); ++n) {
    const int32_t u = part.rows.user[n], i = part.rows.item[n];
    if (warm_alone && (part.cold_user[u] || part.cold_item[i])) continue;
    const float prediction = predictions.of(n);
    errors.add(prediction, part.rows.rating[n]);
    if (per_user != nullptr) of_users.add(u, prediction, part.rows.rating[n]);
    if (item_means)
      of_item_means.add(static_cast<float>(part.train_mean) + part.item_offsets[i],
                        part.rows.rating[n]);
  }
  if (per_user != nullptr) of_users.copy_to(*per_user);
  if (errors.count() == 0) return;
  const RatingMetrics m = errors.metrics();
  const std::string prefix = warm_alone ? "warm_" : "";
  out[prefix + "mse"] = m.mse;
  out[prefix + "rmse"] = m.rmse;
  out[prefix + "mae"] = m.mae;
  out[prefix + "rounded_mse"] = m.rounded_mse;
  if (!std::isnan(part.train_mean)) out[prefix + "baseline_mse"] = m.baseline_mse;
  if (item_means) out[prefix + "item_mean_mse"] = of_item_means.metrics().mse;
}

void add_ranking(const FactorView& model, const HeldOutPart& part, const RunConfig& config,
                 PerUserFigures* per_user, ordered_json& out) {
  const UserItems relevant = relevant_items(part.rows, model.users, config.eval);
  const UserItems held_out = without(relevant, part.masked);
  if (config.eval.relevant_at_least) out["relevant"] = relevant.item.size();
  out["repeated_pairs"] = relevant.item.size() - held_out.item.size();
  const UserItems known = merged(part.masked, user_items(part.rows, model.users));
  if (part.sampled)
    out["auc_sampled"] =
        auc_sampled(model, relevant, static_cast<uint64_t>(config.train.seed), part.users);
  const int threads = static_cast<int>(config.train.threads);
  const bool sampled = config.eval.candidates > 0;
  RankingQuery query{&held_out, &part.masked, &known, config.eval.k, threads, part.cold_user,
                     part.cold_item, /*lists=*/true, part.cold_item, per_user != nullptr,
                     /*rows=*/nullptr, part.users};
  std::unique_ptr<RowRanker> on_device;
  if (!sampled) on_device = device_ranker(model, config);
  query.rows = on_device.get();
  SampledQuery draws{&held_out, part.every_part == nullptr ? &known : part.every_part,
                     config.eval.candidates, static_cast<uint64_t>(config.split.seed),
                     config.eval.k, threads, part.cold_user, part.cold_item,
                     per_user != nullptr, part.users};
  const auto ranked = [&](const FactorView& by) {
    return sampled ? sampled_ranking_metrics(by, draws) : ranking_metrics(by, query);
  };
  if (sampled) {
    out["sampled"] = true;
    out["candidates"] = config.eval.candidates;
  }
  RankingFigures figures = ranked(model);
  if (per_user != nullptr) add_rankings(std::move(figures.users), *per_user);
  for (const auto* some : {&figures.all, &figures.lists}) {
    for (const auto& [name, value] : *some) out[name] = value;
  }
  FactorView popular;
  popular.users = model.users;
  popular.items = model.items;
  popular.beta_item = part.item_counts.data();
  query.rows = nullptr;
  query.cold_user = query.cold_item = draws.cold_user = draws.cold_item = {};
  query.per_user = draws.per_user = false;
  const RankingFigures baseline = ranked(popular);
  for (const auto* some : {&baseline.all, &baseline.lists}) {
    for (const auto& [name, value] : *some) out["popularity_" + name] = value;
  }
  for (const auto& [name, value] : figures.warm) out["warm_" + name] = value;
}

}  // namespace

bool wants_metrics(const RunConfig& config, const std::string& kind) {
  const std::string& asked = config.eval.metrics;
  if (asked != "auto") return asked == kind || asked == "all";
  return (model_info(config.model.name).task == Task::kRating) == (kind == "rating");
}

UserItems relevant_items(const Interactions& rows, int32_t users, const EvalOptions& options) {
  if (!options.relevant_at_least) return user_items(rows, users);
  Pairs relevant;
  for (int64_t n = 0; n < rows.size(); ++n) {
    if (rows.rating[n] >= *options.relevant_at_least) relevant.push(rows.user[n], rows.item[n]);
  }
  return UserItems(relevant.user, relevant.item, users);
}

ordered_json part_metrics(const FactorView& model, const HeldOutPart& part,
                          const RunConfig& config, PerUserFigures* per_user) {
  ordered_json out = ordered_json::object();
  if (part.rows.size() == 0) return out;
  out["interactions"] = part.rows.size();
  const int64_t users = count_cold(part.rows.user, part.cold_user),
                items = count_cold(part.rows.item, part.cold_item);
  out["cold_users"] = users;
  out["cold_items"] = items;
  if (wants_metrics(config, "rating")) {
    const Predictions predictions(model, part.rows, part.users);
    add_rating(predictions, part, /*warm_alone=*/false, per_user, out);
    if (users + items > 0) add_rating(predictions, part, /*warm_alone=*/true, nullptr, out);
  }
  if (wants_metrics(config, "ranking")) add_ranking(model, part, config, per_user, out);
  return out;
}

namespace {

/// "ndcg@10", or at the last cut-off where that is none.
std::string ndcg_of(const EvalOptions& options) {
  const bool ten = std::ranges::count(options.k, 10) > 0;
  return "ndcg@" + std::to_string(ten ? 10 : options.k.back());
}

/// A ranking model that is worse than counting.
void tell_if_below_popularity(const ordered_json& metrics, const RunConfig& config) {
  const std::string name = ndcg_of(config.eval), popular = "popularity_" + name;
  if (model_info(config.model.name).task != Task::kRanking || !metrics.contains(popular)) return;
  const double own = metrics[name], counted = metrics[popular];
  if (own >= counted) return;
  char figures[64];
  std::snprintf(figures, sizeof figures, "%.4f is below the %.4f", own, counted);
  say("valid: " + name + " " + figures +
      " of items ranked by popularity; train longer, or try another train.lr, penalty or model");
}

}  // namespace

void tell_of_part(const ordered_json& metrics, const std::string& part, const RunConfig& config) {
  const auto count = [&](const char* name) { return metrics.value(name, int64_t{0}); };
  if (count("repeated_pairs") > 0)
    say(part + ": " + std::to_string(count("repeated_pairs")) +
        " pairs also stand in training, where no ranking can find them; they are left out of the "
        "ranking metrics (data.duplicates = last keeps one row of each pair)");
  if (metrics.contains("relevant") && count("relevant") == 0)
    say(part + ": no row is rated " + nlohmann::json(*config.eval.relevant_at_least).dump() +
        " or more (eval.relevant_at_least), so there is nothing to rank");
  if (part == "valid") tell_if_below_popularity(metrics, config);
}

}  // namespace latent
