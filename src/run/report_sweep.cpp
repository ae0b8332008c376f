#include "src/run/report_sweep.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/config/complaints.h"
#include "src/report/markup.h"
#include "src/run/evaluate.h"
#include "src/run/report_sections.h"
#include "src/run/run_directory.h"
#include "src/run/sweep_store.h"
#include "src/run/sweep_table.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr size_t kMostRows = 20;  // trials in the table

std::string value_text(const ordered_json& value) {
  if (value.is_null()) return "–";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return value.dump();
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value.get<double>());
  return text;
}

/// How the values of a knob lie along an axis. A list has a place for each of its values.
Axis axis_of(const SweepAxis& knob, const std::vector<std::string>& listed) {
  Axis out{.label = knob.knob};
  switch (knob.kind) {
    case SweepAxis::Kind::kList:
      out.kind = Axis::Kind::kCategories;
      out.categories = listed;
      break;
    case SweepAxis::Kind::kPowersOf2:
      out.kind = Axis::Kind::kLog;
      out.label += " (log scale)";
      for (const auto& value : knob.values) out.ticks.push_back(value.get<double>());
      break;
    case SweepAxis::Kind::kLog:
      out.kind = Axis::Kind::kLog;
      out.label += " (log scale)";
      break;
    case SweepAxis::Kind::kLinear:
      break;
  }
  return out;
}

/// Ends of the metric's axis: where a few trials went astray, those that keep the others apart.
void set_ends(const std::vector<double>& values, bool higher_is_better, Axis& axis) {
  if (values.size() < 4) return;
  std::vector<double> sorted = values;
  std::ranges::sort(sorted);
  if (higher_is_better) std::ranges::reverse(sorted);
  const double best = sorted.front(), middle = sorted[sorted.size() / 2], worst = sorted.back();
  const double span = std::abs(middle - best);
  if (span == 0 || std::abs(worst - best) < 4 * span) return;
  const double end = higher_is_better ? best - 3 * span : best + 3 * span;
  (higher_is_better ? axis.lowest : axis.highest) = end;
}

/// Whether the trials differ in a knob: not in `model.name` where `sweep.per` gave each one its own.
bool varies(const ReportedSweep& sweep, const std::string& knob) {
  std::set<std::string> values;
  for (const ordered_json& trial : sweep.table["trials"])
    values.insert(value_text(trial["tuned"].value(knob, ordered_json())));
  return values.size() > 1;
}

Chart knob_chart(const ReportedSweep& sweep, const SweepAxis& knob) {
  const ordered_json& trials = sweep.table["trials"];
  std::vector<std::string> listed;
  for (const ordered_json& trial : trials) {
    if (!trial["tuned"].contains(knob.knob) || trial["value"].is_null()) continue;
    const std::string text = value_text(trial["tuned"][knob.knob]);
    if (std::ranges::count(listed, text) == 0) listed.push_back(text);
  }
  std::vector<std::string> order;  // as the config lists them, then what the base config has
  for (const auto& value : knob.values) order.push_back(value_text(value));
  std::ranges::stable_sort(listed, {}, [&](const std::string& text) {
    return std::ranges::find(order, text) - order.begin();
  });
  Chart chart{
      .title = sweep.spec.metric + " over " + knob.knob,
      .caption = "A dot is a trial; the ring marks the best one. ",
      .x = axis_of(knob, listed),
      .y = {.label = "validation " + sweep.spec.metric +
                     (sweep.higher_is_better ? " (higher is better)" : " (lower is better)")},
      .table = {"Trials by " + knob.knob, {"trial", knob.knob, sweep.spec.metric, "state"}}};
  std::map<std::string, Series> by_state;
  std::vector<double> values;
  for (const ordered_json& trial : trials) {
    if (!trial["tuned"].contains(knob.knob) || trial["value"].is_null()) continue;
    const ordered_json& tuned = trial["tuned"][knob.knob];
    const std::string text = value_text(tuned), state = trial["state"];
    const double y = trial["value"].get<double>();
    const double x = chart.x.kind == Axis::Kind::kCategories
                         ? static_cast<double>(std::ranges::find(listed, text) - listed.begin())
                     : tuned.is_number() ? tuned.get<double>()
                                         : NAN;
    const std::string name = "trial " + trial["trial"].dump();
    Series& series = by_state[state == "stopped" ? "stopped by halving" : state];
    series.points.push_back(
        {x, y, name + ": " + text + ", " + figure_text(y), &trial == &trials.front()});
    values.push_back(y);
    chart.table.rows.push_back({name, text, figure_text(y), state});
  }
  for (auto& [state, series] : by_state) {
    series.name = state;
    series.kind = Series::Kind::kDots;
    chart.series.push_back(std::move(series));
  }
  set_ends(values, sweep.higher_is_better, chart.y);
  if (chart.y.lowest || chart.y.highest)
    chart.caption += "Triangles at the edge are trials beyond it.";
  return chart;
}

DataTable trials_table(const ReportedSweep& sweep) {
  const ordered_json& trials = sweep.table["trials"];
  DataTable out{.caption = "The best trials, by validation " + sweep.spec.metric +
                           (trials.size() > kMostRows
                                ? "; all " + std::to_string(trials.size()) + " are in sweep.csv"
                                : ""),
                .columns = {"trial", "state", sweep.spec.metric, "sd over seeds", "seeds"}};
  for (const SweepAxis& knob : sweep.spec.over) out.columns.push_back(knob.knob);
  out.columns.push_back("error");
  for (const ordered_json& trial : trials) {
    if (out.rows.size() == kMostRows) break;
    std::vector<std::string> row = {trial["trial"].dump(), trial["state"],
                                    value_text(trial["value"]), value_text(trial["sd"]),
                                    trial["seeds"].dump()};
    for (const SweepAxis& knob : sweep.spec.over)
      row.push_back(value_text(trial["tuned"].value(knob.knob, ordered_json())));
    row.push_back(trial.value("error", ""));
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace

bool is_sweep_folder(const std::string& path) { return fs::exists(path + "/sweep.json"); }

ReportedSweep read_reported_sweep(const std::string& path) {
  const std::string file = path + "/sweep.json";
  const ResolvedConfig config = read_with_complaints(file, {});
  refuse(config.wrong);
  if (config.sweep.is_null()) throw Error(file + ": damaged; start a new sweep");
  const SweepPlan plan = plan_sweep(given_knobs(config), config.sweep, file);
  ReportedSweep out{.path = path, .spec = plan.spec, .table = {}, .runs = {}};
  out.higher_is_better = Evaluator::higher_is_better(plan.spec.metric);
  TrialFits fits;
  const std::string store = path + "/sweep.sqlite";
  if (fs::exists(store)) fits = SweepStore(store, plan).fits();
  out.table =
      sweep_json(plan, SweepStanding(plan, rungs_of(plan), fits, out.higher_is_better).rows());
  std::set<std::string> winners;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("winner") && RunDirectory::is_run(entry.path()))
      winners.insert(entry.path());
  }
  out.runs.assign(winners.begin(), winners.end());
  if (out.runs.empty() || !fs::exists(out.runs.back() + "/metrics.json"))
    say(path + ": this sweep is not finished; go on with: latent sweep --resume " + path);
  return out;
}

Section sweep_section(const ReportedSweep& sweep) {
  Section out{.heading = "Sweep " + sweep.path, .parts = {}};
  size_t judged = 0, failed = 0;
  for (const ordered_json& trial : sweep.table["trials"]) {
    judged += !trial["value"].is_null();
    failed += trial["state"] == "failed";
  }
  std::string text = std::to_string(sweep.table["trials"].size()) +
                     " trials (search: " + sweep.spec.search + "), " + std::to_string(judged) +
                     " of them judged on the validation part";
  if (failed > 0) text += ", " + std::to_string(failed) + " failed";
  out.parts.push_back(text + ".");
  if (sweep.runs.empty())
    out.parts.push_back(
        "The sweep is not finished: there is no winner yet, and what follows may "
        "change. Go on with: latent sweep --resume " +
        sweep.path);
  for (const SweepAxis& knob : sweep.spec.over) {
    if (!varies(sweep, knob.knob)) continue;
    Chart chart = knob_chart(sweep, knob);
    if (!chart.series.empty()) out.parts.push_back(std::move(chart));
  }
  out.parts.push_back(trials_table(sweep));
  return out;
}

}  // namespace latent
