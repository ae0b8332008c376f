#include "src/run/evaluate.h"

#include <cstdio>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/text_writer.h"
#include "src/config/metric_names.h"
#include "src/metrics/ranking.h"
#include "src/metrics/rating.h"
#include "src/run/device_ranker.h"
#include "src/run/part_metrics.h"
#include "src/run/predictions.h"
#include "src/sampling/block_order.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

RatingMetrics errors_of(const Predictions& predictions, const Interactions& rows,
                        double train_mean) {
  RatingErrors errors(train_mean);
  for (int64_t n = 0; n < rows.size(); ++n) errors.add(predictions.of(n), rows.rating[n]);
  return errors.metrics();
}

}  // namespace

Evaluator::Evaluator(const SplitDataset& data, const RunConfig& config, Fit fit)
    : data_(data),
      config_(config),
      trained_on_all_(config.train.rows == "all" || fit == Fit::kAll),
      train_mean_(mean_rating(data.parts.train)) {}

Evaluator::ItemsOfParts::ItemsOfParts(const SplitDataset& data)
    : train(user_items(data.parts.train, data.users.size())),
      valid(user_items(data.parts.valid, data.users.size())) {
  if (!valid.item.empty()) train_valid = merged(train, valid);
}

const Evaluator::ItemsOfParts& Evaluator::items() const {
  if (!items_) items_.emplace(data_);
  return *items_;
}

void Evaluator::require_other_pairs() {
  if (config_.split.kind != "files") return;
  for (const bool test : {true, false}) {
    const Interactions& rows = test ? data_.parts.test : data_.parts.valid;
    const std::string& path = test ? config_.data.test_path : config_.data.valid_path;
    if (rows.size() == 0 || path.empty()) continue;
    const UserItems pairs = user_items(rows, data_.users.size());
    if (!without(pairs, items().train).item.empty()) continue;
    const std::string what = path + ": every pair of it also stands in " + config_.data.path;
    if (wants_metrics(config_, "ranking"))
      throw Error(what + ", so no ranking can find one; give rows that were held out as " +
                  (test ? "data.test_path" : "data.valid_path"));
    say(what + ": its figures are of rows that were trained on");
    (test ? leaked_ : valid_leaked_) = true;
  }
}

ordered_json Evaluator::evaluate(const FactorView& model, const std::string& part,
                                 PerUserFigures* per_user) const {
  const bool test = part == "test";
  const Interactions& rows = test ? data_.parts.test : data_.parts.valid;
  if (rows.size() == 0) return ordered_json::object();
  const bool all = trained_on_all_;
  // Of the fit that the figures are of; the validation part's are of the first one.
  std::vector<char> cold_user(data_.users.size(), 1), cold_item(data_.items.size(), 1);
  const auto warm = [&](const Interactions& trained) {
    for (const int32_t u : trained.user) cold_user[u] = 0;
    for (const int32_t i : trained.item) cold_item[i] = 0;
  };
  expect_pass(data_.parts.train);
  warm(data_.parts.train);
  if (all || (test && config_.train.refit)) warm(data_.parts.valid);
  if (all) warm(data_.parts.test);

  const bool ranks = wants_metrics(config_, "ranking");
  const UserItems none;
  const bool mask_valid = test && config_.eval.mask == "train_valid";
  const std::vector<float> counts =
      ranks ? popularity(items().train, data_.items.size()) : std::vector<float>();
  const std::vector<float> offsets =
      wants_metrics(config_, "rating")
          ? item_offsets(data_.parts.train, train_mean_, data_.items.size())
          : std::vector<float>();
  UserItems every_part;
  if (ranks && config_.eval.candidates > 0)
    every_part = merged(items().seen(), user_items(data_.parts.test, data_.users.size()));
  ordered_json out = part_metrics(
      model,
      {rows, !ranks ? none : mask_valid ? items().seen() : items().train, cold_user, cold_item,
       train_mean_, counts, offsets, test, &every_part, users_},
      config_, per_user);
  // Trained on these rows.
  if (all || (test ? leaked_ : valid_leaked_ || config_.train.refit)) out["leaked"] = true;
  return out;
}

bool Evaluator::higher_is_better(const std::string& metric) { return !is_rating_metric(metric); }

std::string Evaluator::monitor_name() const { return monitored_metric(config_); }

double Evaluator::monitored(const FactorView& model, const std::string& name) const {
  if (!higher_is_better(name)) {
    const Interactions& rows = data_.parts.valid;
    const RatingMetrics m = errors_of(Predictions(model, rows, users_), rows, train_mean_);
    return name == "mse" ? m.mse : name == "rmse" ? m.rmse : name == "mae" ? m.mae : m.rounded_mse;
  }
  const size_t at = name.find('@');
  const int64_t k = at == std::string::npos ? 1 : std::stoll(name.substr(at + 1));
  if (!monitored_) {
    monitored_ = without(relevant_items(data_.parts.valid, data_.users.size(), config_.eval),
                         items().train);
    not_negative_ = merged(items().train, items().valid);
  }
  RankingQuery query{&*monitored_, &items().train, &*not_negative_, {k},
                     static_cast<int>(config_.train.threads)};
  const std::unique_ptr<RowRanker> on_device = device_ranker(model, config_);
  query.rows = on_device.get();
  query.users = users_;
  for (const auto& [figure, value] : ranking_metrics(model, query).all) {
    if (figure == name) return value;
  }
  throw Error("train.monitor = " + name + " cannot be computed on this validation part");
}

void write_predictions(const std::string& path, const FactorView& model, const Interactions& rows,
                       const IdMap& users, const IdMap& items) {
  TextWriter out(path);
  out.write("user,item,rating,prediction\n");
  for (int64_t n = 0; n < rows.size(); ++n) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, ",%.9g,%.9g\n", rows.rating[n],
                  model.predict(rows.user[n], rows.item[n]));
    out.write(csv_field(users.name(rows.user[n])) + "," + csv_field(items.name(rows.item[n])) +
              numbers);
  }
  out.commit();
}

}  // namespace latent
