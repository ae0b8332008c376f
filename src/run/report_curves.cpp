// Learning curves, places and figures of lists, for `latent report`.
#include <algorithm>
#include <cmath>

#include "src/config/metric_names.h"
#include "src/report/markup.h"
#include "src/run/report_parts.h"

namespace latent {

namespace {

constexpr const char* kStepLabel = "training step (of a solver: a pass over the rows)";

/// Whether values over a few decades want a logarithmic axis.
bool wants_log(const std::vector<Series>& series) {
  double least = INFINITY, greatest = 0;
  for (const Series& s : series) {
    for (const ChartPoint& point : s.points) {
      if (!(point.y > 0)) return false;
      least = std::min(least, point.y);
      greatest = std::max(greatest, point.y);
    }
  }
  return greatest > 100 * least;
}

Series curve(const std::string& name, const std::vector<LoggedValue>& values) {
  Series out{.name = name, .points = {}};
  for (const LoggedValue& v : values) {
    out.points.push_back(
        {v.step, v.value,
         v.best ? "best: " + figure_text(v.value) + " at " + figure_text(v.step) : "", v.best});
  }
  return out;
}

}  // namespace

ReportedRuns charted(ReportedRuns runs) { return runs.first(std::min(runs.size(), kMostCharted)); }

std::string whole_text(int64_t n) { return figure_text(static_cast<double>(n)); }

/// A row for each point, under the name of its series.
void fill_table(Chart& chart, const std::string& caption, const std::string& x,
                const std::string& y) {
  chart.table = {caption, {"series", x, y}};
  for (const Series& series : chart.series) {
    for (const ChartPoint& point : series.points)
      chart.table.rows.push_back({series.name, figure_text(point.x),
                                  figure_text(point.y) + (point.marked ? " (best)" : "")});
  }
}

void add_if_filled(Section& section, Chart chart) {
  if (!chart.series.empty()) section.parts.push_back(std::move(chart));
}

Section curves_section(ReportedRuns runs) {
  Section out{.heading = "Learning curves", .parts = {}};
  Chart objective{.title = "Training objective",
                  .caption =
                      "What training minimises, with its penalties; runs of other models or "
                      "penalties do not compare.",
                  .x = {.label = kStepLabel},
                  .y = {.label = "objective (mean over the step's samples)"},
                  .table = {}};
  std::vector<std::string> metrics;
  for (const ReportedRun& run : charted(runs)) {
    if (!run.log.objective.empty()) objective.series.push_back(curve(run.name, run.log.objective));
    if (!run.log.refit_objective.empty())
      objective.series.push_back(curve(run.name + ", second fit", run.log.refit_objective));
    if (!run.log.valid.empty() && std::ranges::count(metrics, run.log.metric) == 0)
      metrics.push_back(run.log.metric);
  }
  if (wants_log(objective.series)) {
    objective.y.kind = Axis::Kind::kLog;
    objective.y.label += ", log scale";
  }
  fill_table(objective, "Training objective by step", "step", "objective");
  add_if_filled(out, std::move(objective));
  for (const std::string& metric : metrics) {
    const bool error = is_error_metric(metric);
    Chart chart{.title = "Validation " + metric,
                .caption = "A ring marks the best value of each run.",
                .x = {.label = kStepLabel},
                .y = {.label = metric + " on the validation part " +
                               (error ? "(lower is better)" : "(higher is better)")},
                .table = {}};
    for (const ReportedRun& run : charted(runs)) {
      if (run.log.metric == metric) chart.series.push_back(curve(run.name, run.log.valid));
    }
    fill_table(chart, "Validation " + metric + " by step", "step", metric);
    out.parts.push_back(std::move(chart));
  }
  return out;
}

Section places_section(ReportedRuns runs) {
  Section out{.heading = "Where held-out items stand", .parts = {}};
  Chart chart{.title = "Places of held-out items",
              .caption =
                  "How many of the held-out items stand among a user's first n, over the "
                  "whole catalogue without the items that are masked.",
              .x = {.label = "first n places (log scale)", .kind = Axis::Kind::kLog},
              .y = {.label = "held-out items among them (share)", .lowest = 0},
              .table = {}};
  Series base{.name = "items by popularity", .points = {}, .is_baseline = true};
  for (const ReportedRun& run : charted(runs)) {
    if (run.model.places.empty()) continue;
    Series series{.name = run.name, .points = {}};
    for (const auto& [n, share] : run.model.places)
      series.points.push_back({static_cast<double>(n), share});
    chart.series.push_back(std::move(series));
    if (!base.points.empty()) continue;
    for (const auto& [n, share] : run.model.popularity_places)
      base.points.push_back({static_cast<double>(n), share});
  }
  if (chart.series.empty()) return out;
  chart.series.push_back(std::move(base));
  fill_table(chart, "Share of the held-out items among the first n", "n", "share");
  out.parts.push_back(std::move(chart));
  return out;
}

Section lists_section(ReportedRuns runs) {
  Section out{.heading = "Coverage, novelty and concentration of the lists", .parts = {}};
  struct Figure {
    const char *name, *title, *caption, *label;
  };
  for (const auto& [name, title, caption, label] :
       {Figure{"coverage", "Coverage", "How much of the catalogue stands in some user's list.",
               "items in some list (share of the catalogue)"},
        Figure{"novelty", "Novelty", "How little known the listed items are.",
               "mean self-information of a listed item (bits)"},
        Figure{"gini", "Gini coefficient",
               "How unevenly the lists use the catalogue: 0 where every item is listed equally "
               "often.",
               "Gini coefficient of listings (0 to 1)"}}) {
    Chart chart{.title = title,
                .caption = caption,
                .x = {.label = "length of the list, k"},
                .y = {.label = label},
                .table = {}};
    const auto add = [&](const ReportedRun& run, const std::string& series_name,
                         const std::string& prefix, bool is_baseline) {
      Series series{.name = series_name, .points = {}, .is_baseline = is_baseline};
      for (const int64_t k : run.config.eval.k) {
        const std::string key = prefix + name + "@" + std::to_string(k);
        if (run.metrics.contains("test") && run.metrics["test"].contains(key))
          series.points.push_back({static_cast<double>(k), run.metrics["test"][key].get<double>()});
      }
      if (!series.points.empty()) chart.series.push_back(std::move(series));
    };
    for (const ReportedRun& run : charted(runs)) add(run, run.name, "", false);
    if (!chart.series.empty())
      add(charted(runs).front(), "items by popularity", "popularity_", true);
    fill_table(chart, std::string(title) + " by length of the list", "k", title);
    add_if_filled(out, std::move(chart));
  }
  return out;
}

}  // namespace latent
