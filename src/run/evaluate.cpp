#include "src/run/evaluate.h"

#include <algorithm>
#include <cstdio>

#include "src/base/error.h"
#include "src/base/text_writer.h"
#include "src/config/catalog.h"
#include "src/config/metric_names.h"
#include "src/metrics/ranking.h"
#include "src/metrics/rating.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

bool among(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

RatingMetrics errors_of(const FactorView& model, const Interactions& rows, double train_mean) {
  RatingErrors errors(train_mean);
  for (int64_t n = 0; n < rows.size(); ++n)
    errors.add(model.predict(rows.user[n], rows.item[n]), rows.rating[n]);
  return errors.metrics();
}

}  // namespace

Evaluator::Evaluator(const SplitDataset& data, const RunConfig& config)
    : data_(data), config_(config), train_mean_(mean_rating(data.parts.train)) {}

Evaluator::ItemsOfParts::ItemsOfParts(const SplitDataset& data)
    : train(user_items(data.parts.train, data.users.size())),
      valid(user_items(data.parts.valid, data.users.size())),
      test(user_items(data.parts.test, data.users.size())) {
  if (!valid.item.empty()) train_valid = merged(train, valid);
}

const Evaluator::ItemsOfParts& Evaluator::items() const {
  if (!items_) items_.emplace(data_);
  return *items_;
}

bool Evaluator::wants(const char* kind) const {
  const std::string& asked = config_.eval.metrics;
  if (asked != "auto") return asked == kind || asked == "all";
  return (model_info(config_.model.name).task == Task::kRating) == (std::string(kind) == "rating");
}

void Evaluator::add_rating(const FactorView& model, const Interactions& rows,
                           ordered_json& out) const {
  const RatingMetrics m = errors_of(model, rows, train_mean_);
  out["mse"] = m.mse;
  out["rmse"] = m.rmse;
  out["mae"] = m.mae;
  out["rounded_mse"] = m.rounded_mse;
  out["baseline_mse"] = m.baseline_mse;
}

void Evaluator::add_ranking(const FactorView& model, const UserItems& held_out, bool test,
                            ordered_json& out) const {
  const ItemsOfParts& parts = items();
  const UserItems with_test = test ? merged(parts.seen(), parts.test) : UserItems();
  const UserItems& all = test ? with_test : parts.seen();
  const bool mask_valid = test && config_.eval.mask == "train_valid";
  RankingQuery query{&held_out, mask_valid ? &parts.seen() : &parts.train, &all, config_.eval.k,
                     static_cast<int>(config_.train.threads)};
  if (test)
    out["auc_sampled"] = auc_sampled(model, held_out, static_cast<uint64_t>(config_.train.seed));
  for (const auto& [name, value] : ranking_metrics(model, query)) out[name] = value;
  const std::vector<float> counts = popularity(parts.train, data_.items.size());
  FactorView popular;
  popular.users = model.users;
  popular.items = model.items;
  popular.beta_item = counts.data();
  for (const auto& [name, value] : ranking_metrics(popular, query))
    out["popularity_" + name] = value;
}

ordered_json Evaluator::evaluate(const FactorView& model, const std::string& part) const {
  const bool test = part == "test";
  const Interactions& rows = test ? data_.parts.test : data_.parts.valid;
  ordered_json out = ordered_json::object();
  if (rows.size() == 0) return out;
  out["interactions"] = rows.size();
  if (config_.train.rows == "all" || (!test && config_.train.refit))
    out["leaked"] = true;  // trained on these rows
  if (wants("rating")) add_rating(model, rows, out);
  if (wants("ranking")) add_ranking(model, test ? items().test : items().valid, test, out);
  return out;
}

bool Evaluator::higher_is_better(const std::string& metric) { return !is_rating_metric(metric); }

std::string Evaluator::monitor_name() const { return monitored_metric(config_); }

double Evaluator::monitored(const FactorView& model, const std::string& name) const {
  if (!higher_is_better(name)) {
    const RatingMetrics m = errors_of(model, data_.parts.valid, train_mean_);
    return name == "mse" ? m.mse : name == "rmse" ? m.rmse : name == "mae" ? m.mae : m.rounded_mse;
  }
  const size_t at = name.find('@');
  const int64_t k = at == std::string::npos ? 1 : std::stoll(name.substr(at + 1));
  const RankingQuery query{&items().valid,
                           &items().train,
                           &items().seen(),
                           {k},
                           static_cast<int>(config_.train.threads)};
  for (const auto& [figure, value] : ranking_metrics(model, query)) {
    if (figure == name) return value;
  }
  throw Error("train.monitor = " + name + " cannot be computed on this validation part");
}

void write_predictions(const std::string& path, const FactorView& model, const SplitDataset& data,
                       const std::string& part) {
  const Interactions& rows = part == "train"   ? data.parts.train
                             : part == "valid" ? data.parts.valid
                                               : data.parts.test;
  if (rows.size() == 0)
    throw Error("--predictions: the " + part + " part has no rows; choose another with --part");
  TextWriter out(path);
  out.write("user,item,rating,prediction\n");
  for (int64_t n = 0; n < rows.size(); ++n) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, ",%.9g,%.9g\n", rows.rating[n],
                  model.predict(rows.user[n], rows.item[n]));
    out.write(csv_field(data.users.name(rows.user[n])) + "," +
              csv_field(data.items.name(rows.item[n])) + numbers);
  }
  out.commit();
}

}  // namespace latent
