// Predictions, errors by popularity and maps of items, for `latent report`.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>

#include "src/report/markup.h"
#include "src/run/report_parts.h"

namespace latent {

namespace {

constexpr size_t kLabels = 10;       // items named in a map
constexpr size_t kTableItems = 100;  // items in the table of a map

/// Series of a grouped figure, and the baseline of the first run that has it.
void add_groups(ReportedRuns runs, const std::string& what, const std::string& baseline,
                const std::function<const GroupedFigure&(const ReportedRun&)>& of, Chart& chart) {
  chart.table = {chart.title, {"run", "training rows", "members", what, chart.y.label, baseline}};
  Series base{.name = baseline, .points = {}, .is_baseline = true};
  for (const ReportedRun& run : runs) {
    const GroupedFigure& figure = of(run);
    if (figure.groups.empty()) continue;
    Series series{.name = run.name, .points = {}};
    const bool first = base.points.empty();
    for (size_t g = 0; g < figure.groups.size(); ++g) {
      const CountGroups::Group& group = figure.groups[g];
      const std::string range = group.lowest == group.highest
                                    ? whole_text(group.lowest)
                                    : whole_text(group.lowest) + "–" + whole_text(group.highest);
      chart.table.rows.push_back({run.name, range, whole_text(group.members),
                                  whole_text(figure.rows[g]), figure_text(figure.values[g]),
                                  figure_text(figure.baseline[g])});
      if (figure.rows[g] == 0) continue;
      const std::string note = range + " training rows: " + figure_text(figure.values[g]) + " (" +
                               whole_text(figure.rows[g]) + " " + what + ")";
      series.points.push_back({group.mean, figure.values[g], note});
      if (first) base.points.push_back({group.mean, figure.baseline[g]});
    }
    chart.series.push_back(std::move(series));
  }
  if (!base.points.empty()) chart.series.push_back(std::move(base));
}

Axis trained_on_axis(const std::string& of) {
  return {.label = "training rows of the " + of + " (log scale)", .kind = Axis::Kind::kLogWithZero};
}

}  // namespace

Section predictions_section(ReportedRuns runs) {
  Section out{.heading = "Predicted against true ratings", .parts = {}};
  for (const ReportedRun& run : charted(runs)) {
    const auto& spreads = run.model.spreads;
    if (spreads.empty()) continue;
    Chart chart{.title = run.name + ": predictions for each true rating",
                .caption =
                    "Box: the middle half of the predictions, with their median; whiskers: "
                    "from 5 % to 95 %. On the dashed line a prediction is right.",
                .x = {.label = "true rating (test part)"},
                .y = {.label = "predicted rating"},
                .diagonal = true,
                .table = {"Predictions by true rating",
                          {"true rating", "rows", "5 %", "25 %", "median", "75 %", "95 %"}}};
    double least = INFINITY, greatest = -INFINITY;
    for (const PredictionSpread& s : spreads) {
      chart.boxes.push_back({s.mean, s.low, s.first_quarter, s.median, s.third_quarter, s.high});
      const std::string range = s.lowest == s.highest
                                    ? figure_text(s.lowest)
                                    : figure_text(s.lowest) + "–" + figure_text(s.highest);
      chart.table.rows.push_back({range, whole_text(s.rows), figure_text(s.low),
                                  figure_text(s.first_quarter), figure_text(s.median),
                                  figure_text(s.third_quarter), figure_text(s.high)});
      least = std::min({least, s.low, s.lowest});
      greatest = std::max({greatest, s.high, s.highest});
    }
    const double margin = std::max(0.05 * (greatest - least), 0.4 * (spreads.size() < 13));
    chart.x.lowest = chart.y.lowest = least - margin;
    chart.x.highest = chart.y.highest = greatest + margin;
    if (spreads.size() < 13) {
      for (const PredictionSpread& s : spreads) chart.x.ticks.push_back(s.mean);
    }
    out.parts.push_back(std::move(chart));
  }
  return out;
}

Section groups_section(ReportedRuns runs) {
  Section out{.heading = "Errors and hits by popularity and activity", .parts = {}};
  const std::string tenths = "A point is a tenth of the ";
  const auto add = [&](const std::string& title, const std::string& of, const std::string& y,
                       const std::string& what, const std::string& baseline, const auto& figure) {
    Chart chart{.title = title,
                .caption = tenths + of + "s by training rows, the rarest on the left" +
                           std::string(of == "user" ? "." : "; those without any stand at 0."),
                .x = trained_on_axis(of),
                .y = {.label = y},
                .table = {}};
    add_groups(charted(runs), what, baseline, figure, chart);
    add_if_filled(out, std::move(chart));
  };
  const std::string error = "RMSE on the test part (rating points)", mean = "always the mean";
  add("Error by item popularity", "item", error, "test rows", mean,
      [](const ReportedRun& run) -> const auto& { return run.model.error_by_item; });
  add("Error by user activity", "user", error, "test rows", mean,
      [](const ReportedRun& run) -> const auto& { return run.model.error_by_user; });
  const std::string popular = "items by popularity";
  add("Hit rate at 10 by item popularity", "item", "held-out items in the user's top 10 (share)",
      "held-out items", popular,
      [](const ReportedRun& run) -> const auto& { return run.model.found_by_item; });
  add("Hit rate at 10 by user activity", "user", "hit@10: users with a hit in their top 10 (share)",
      "users", popular,
      [](const ReportedRun& run) -> const auto& { return run.model.found_by_user; });
  for (const ReportedRun& run : charted(runs)) {
    if (run.model.ranked_users < run.model.held_out_users)
      out.parts.push_back(run.name + ": hit rates and places are of " +
                          whole_text(run.model.ranked_users) + " users, evenly chosen from the " +
                          whole_text(run.model.held_out_users) + " with held-out items.");
  }
  return out;
}

Section map_section(ReportedRuns runs) {
  Section out{.heading = "Map of the items", .parts = {}};
  for (const ReportedRun& run : charted(runs)) {
    const auto& map = run.model.map;
    if (map.empty()) continue;
    const auto axis = [&](const char* which, double share) {
      char text[96];
      std::snprintf(text, sizeof text, "%s principal axis (%.0f %% of the squared length)", which,
                    100 * share);
      return Axis{.label = text};
    };
    Chart chart{
        .title = run.name + ": item factors",
        .caption = "The " + whole_text(std::ssize(map)) +
                   " items with most training rows along the two principal axes of the "
                   "Gram matrix of all item factors; a dot's name shows on hover.",
        .x = axis("first", run.model.map_shares[0]),
        .y = axis("second", run.model.map_shares[1]),
        .table = {"The first " + whole_text(std::min<int64_t>(std::ssize(map), kTableItems)) +
                      " of the " + whole_text(std::ssize(map)) + " items of the map",
                  {"item", "training rows", "first axis", "second axis"}}};
    Series series{.name = "items", .points = {}, .kind = Series::Kind::kDots};
    for (const ItemDot& item : map) {
      series.points.push_back({item.x, item.y, item.name + ", " + whole_text(item.rows) + " rows"});
      if (chart.labels.size() < kLabels) chart.labels.push_back({item.x, item.y, item.name});
      if (chart.table.rows.size() < kTableItems)
        chart.table.rows.push_back(
            {item.name, whole_text(item.rows), figure_text(item.x), figure_text(item.y)});
    }
    chart.series.push_back(std::move(series));
    out.parts.push_back(std::move(chart));
  }
  return out;
}

}  // namespace latent
