// Figures of a saved run's model on its test part, for `latent report`.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/error.h"
#include "src/metrics/factor_map.h"
#include "src/metrics/held_out_places.h"
#include "src/metrics/ranking.h"
#include "src/run/evaluate.h"
#include "src/run/loaded_run.h"
#include "src/run/part_metrics.h"
#include "src/run/report_run.h"
#include "src/run/saved_run.h"
#include "src/run/write_model.h"
#include "src/train/module_view.h"

namespace latent {

namespace {

constexpr int64_t kTop = 10;                 // items of a list
constexpr size_t kMostRankedUsers = 20'000;  // more do not change a share's first two digits
constexpr size_t kMapItems = 2'000;
constexpr size_t kWellKnown = 10;
constexpr int kNeighbours = 5;

std::vector<double> means(const GroupSums& sums) {
  std::vector<double> out;
  for (size_t g = 0; g < sums.sum.size(); ++g)
    out.push_back(sums.rows[g] == 0 ? NAN : sums.sum[g] / static_cast<double>(sums.rows[g]));
  return out;
}

/// Figures of held-out rows, by the training rows of the user or item that `counts` is of.
class Grouping {
 public:
  explicit Grouping(const std::vector<int32_t>& counts)
      : counts_(counts), groups_(counts), model_(groups_.groups().size()), baseline_(model_) {}

  void add(int32_t member, double model, double baseline) {
    const size_t group = groups_.of(counts_[member]);
    model_.add(group, model);
    baseline_.add(group, baseline);
  }
  GroupedFigure figure() const {
    return {groups_.groups(), model_.rows, means(model_), means(baseline_)};
  }
  /// Of sums of squares: the roots of their means.
  GroupedFigure roots() const {
    GroupedFigure out = figure();
    for (auto* values : {&out.values, &out.baseline}) {
      for (double& value : *values) value = std::sqrt(value);
    }
    return out;
  }

 private:
  const std::vector<int32_t>& counts_;
  CountGroups groups_;
  GroupSums model_, baseline_;
};

void add_ratings(const FactorView& model, const SplitDataset& data, const RowsOfFit& rows,
                 ModelFigures& out) {
  const Interactions& test = data.parts.test;
  out.spreads = prediction_spreads(model, test.user, test.item, test.rating);
  const double mean = mean_rating(data.parts.train);
  Grouping by_item(rows.items), by_user(rows.users);
  for (int64_t n = 0; n < test.size(); ++n) {
    const double rating = test.rating[n];
    const double error = model.predict(test.user[n], test.item[n]) - rating;
    const double of_mean = mean - rating;
    by_item.add(test.item[n], error * error, of_mean * of_mean);
    by_user.add(test.user[n], error * error, of_mean * of_mean);
  }
  out.error_by_item = by_item.roots();
  out.error_by_user = by_user.roots();
}

/// Users with held-out items; evenly spaced ones where they are many.
std::vector<int32_t> ranked_users(const UserItems& held_out, ModelFigures& out) {
  std::vector<int32_t> users;
  for (int32_t u = 0; u < held_out.users(); ++u) {
    if (!held_out.of(u).empty()) users.push_back(u);
  }
  out.held_out_users = std::ssize(users);
  const size_t count = std::min(users.size(), kMostRankedUsers);
  for (size_t n = 0; n < count; ++n) users[n] = users[n * users.size() / count];
  users.resize(count);
  out.ranked_users = std::ssize(users);
  return users;
}

/// (n, share of the held-out items among the first n) at round n, twenty a decade.
std::vector<std::pair<int64_t, double>> place_shares(const std::vector<HeldOutPlace>& places,
                                                     int32_t items) {
  std::vector<std::pair<int64_t, double>> out;
  for (double at = 1; out.empty() || out.back().first < items; at *= std::pow(10.0, 0.05)) {
    const int64_t n = std::min<int64_t>(std::llround(at), items);
    if (!out.empty() && out.back().first == n) continue;
    double within = 0;
    for (const HeldOutPlace& place : places) within += place.chance_within(n);
    out.emplace_back(n, within / static_cast<double>(places.size()));
  }
  return out;
}

void add_rankings(const FactorView& model, const LoadedRun& run, const RowsOfFit& rows,
                  ModelFigures& out) {
  const SplitDataset& data = run.data;
  const Evaluator evaluator(data, run.config);
  const UserItems& masked =
      run.config.eval.mask == "train_valid" ? evaluator.seen_items() : evaluator.train_items();
  const UserItems held_out =
      without(relevant_items(data.parts.test, data.users.size(), run.config.eval), masked);
  const std::vector<int32_t> users = ranked_users(held_out, out);
  if (users.empty()) return;
  const std::vector<float> counts = popularity(evaluator.train_items(), data.items.size());
  FactorView popular;
  popular.users = model.users;
  popular.items = model.items;
  popular.beta_item = counts.data();
  const int threads = static_cast<int>(run.config.train.threads);
  const auto places = held_out_places(model, held_out, masked, users, threads);
  const auto baseline = held_out_places(popular, held_out, masked, users, threads);
  Grouping by_item(rows.items), by_user(rows.users);
  for (size_t n = 0; n < places.size(); ++n)
    by_item.add(places[n].item, places[n].chance_within(kTop), baseline[n].chance_within(kTop));
  for (size_t from = 0; from < places.size();) {
    const int32_t user = places[from].user;
    const size_t size = held_out.of(user).size();
    by_user.add(user, chance_of_hit(std::span(places).subspan(from, size), kTop),
                chance_of_hit(std::span(baseline).subspan(from, size), kTop));
    from += size;
  }
  out.found_by_item = by_item.figure();
  out.found_by_user = by_user.figure();
  out.places = place_shares(places, data.items.size());
  out.popularity_places = place_shares(baseline, data.items.size());
}

void add_map(const FactorView& model, const LoadedRun& run, const RowsOfFit& rows,
             ModelFigures& out) {
  const SplitDataset& data = run.data;
  std::vector<int32_t> order;
  for (int32_t i = 0; i < data.items.size(); ++i) {
    if (rows.items[i] > 0) order.push_back(i);
  }
  std::ranges::stable_sort(order, std::greater(), [&](int32_t i) { return rows.items[i]; });
  order.resize(std::min(order.size(), kMapItems));
  const auto name = [&](int32_t i) {
    const bool titled = !data.titles.empty() && !data.titles[i].empty();
    return titled ? data.titles[i] : std::string(data.items.name(i));
  };
  const ItemFactors factors(model, run.model->bias_is_a_factor());
  const PrincipalAxes axes = principal_axes(factors, static_cast<int>(run.config.train.threads));
  out.map_shares = axes.share;
  for (const int32_t i : order) {
    const auto [x, y] = axes.place(factors.of(i));
    out.map.push_back({{name(i), rows.items[i]}, x, y});
  }
  order.resize(std::min(order.size(), kWellKnown));
  const auto near = cosine_neighbours(factors, order, kNeighbours, rows.items);
  for (size_t n = 0; n < order.size(); ++n) {
    ItemNeighbours line{{name(order[n]), rows.items[order[n]]}, {}};
    for (const auto& [item, cosine] : near[n]) line.others.emplace_back(name(item), cosine);
    out.neighbours.push_back(std::move(line));
  }
}

}  // namespace

ModelFigures model_figures(const RunDirectory& directory) {
  LoadedRun run(directory, {}, Fit::kTested);
  require_same_data(run.config, run.data, saved_provenance(directory), directory.path());
  run.load_weights(directory);
  const ModuleView tables(*run.model);
  const FactorView& model = tables.view();
  const RowsOfFit rows = rows_of_fit(run.config, run.data, Fit::kTested);
  ModelFigures out;
  if (run.data.parts.test.size() > 0) {
    if (wants_metrics(run.config, "rating")) add_ratings(model, run.data, rows, out);
    if (wants_metrics(run.config, "ranking")) add_rankings(model, run, rows, out);
  }
  if (model.gamma_item != nullptr) add_map(model, run, rows, out);
  return out;
}

}  // namespace latent
