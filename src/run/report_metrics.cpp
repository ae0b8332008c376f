// The metric tables of `latent report`.
#include <algorithm>
#include <cmath>

#include "src/config/catalog.h"
#include "src/config/metric_names.h"
#include "src/report/markup.h"
#include "src/run/report_parts.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

/// The figures of a part; empty where there are none.
ordered_json part_of(const ReportedRun& run, const char* part) {
  const auto at = run.metrics.find(part);
  return at != run.metrics.end() && at->is_object() ? *at : ordered_json::object();
}

std::string figure_in(const ordered_json& part, const std::string& name) {
  const auto at = part.find(name);
  if (at == part.end()) return "–";
  if (at->is_number()) return figure_text(at->get<double>());
  return at->is_boolean() ? (at->get<bool>() ? "yes" : "no") : at->dump();
}

bool has(const ordered_json& part, const std::string& name) {
  return part.contains(name) && part[name].is_number();
}

/// The metrics by which runs of these tasks are usually judged, those that some run has.
std::vector<std::string> main_metrics(ReportedRuns runs) {
  std::vector<std::string> wanted, out;
  for (const ReportedRun& run : runs) {
    const bool ranks = model_info(run.config.model.name).task == Task::kRanking;
    const std::string main = main_metric(run.config);
    const std::string at = ranks ? main.substr(main.find('@')) : "@10";
    for (const std::string& name :
         {std::string("rmse"), std::string("mae"), "ndcg" + at, "recall" + at, "hit" + at,
          std::string("auc"), "coverage" + at, "novelty" + at, "gini" + at}) {
      if (std::ranges::count(wanted, name) == 0) wanted.push_back(name);
    }
  }
  for (const std::string& name : wanted) {
    if (std::ranges::any_of(runs, [&](const auto& run) { return has(part_of(run, "test"), name); }))
      out.push_back(name);
  }
  return out;
}

/// What a baseline has of the metrics that `part` holds beside those of the model.
std::string mean_figure(const ordered_json& part, const std::string& name) {
  if (!has(part, "baseline_mse")) return "–";
  const double mse = part["baseline_mse"].get<double>();
  return name == "mse" ? figure_text(mse) : name == "rmse" ? figure_text(std::sqrt(mse)) : "–";
}

DataTable main_table(ReportedRuns runs) {
  const std::vector<std::string> metrics = main_metrics(runs);
  DataTable out{.caption = "Test part; baselines are of the first run that has them",
                .columns = {"run", "model"}};
  for (const std::string& name : metrics)
    out.columns.push_back(name + (is_error_metric(name) ? " (lower is better)" : ""));
  out.columns.insert(out.columns.end(), {"training seconds", "steps"});
  std::vector<std::string> mean, popular;
  for (const ReportedRun& run : runs) {
    const ordered_json test = part_of(run, "test"), train = part_of(run, "train");
    std::vector<std::string> row = {run.name, run.config.model.name};
    for (const std::string& name : metrics) row.push_back(figure_in(test, name));
    row.insert(row.end(), {figure_in(train, "seconds"), figure_in(train, "steps")});
    out.rows.push_back(std::move(row));
    const auto baseline = [&](const std::string& title, const auto& figure) {
      std::vector<std::string> line = {title, "baseline"};
      for (const std::string& name : metrics) line.push_back(figure(name));
      line.resize(out.columns.size(), "–");
      return line;
    };
    if (mean.empty() && has(test, "baseline_mse"))
      mean = baseline("always the mean", [&](const auto& name) { return mean_figure(test, name); });
    const bool ranked = std::ranges::any_of(
        metrics, [&](const std::string& name) { return test.contains("popularity_" + name); });
    if (popular.empty() && ranked)
      popular = baseline("items by popularity",
                         [&](const auto& name) { return figure_in(test, "popularity_" + name); });
  }
  for (const auto& row : {mean, popular}) {
    if (!row.empty()) out.rows.push_back(row);
  }
  return out;
}

/// Every figure of a part, a column for each run.
DataTable full_table(ReportedRuns runs, const char* part) {
  DataTable out{.caption = std::string("All figures of the ") + part + " part",
                .columns = {"figure"}};
  std::vector<std::string> names;
  for (const ReportedRun& run : runs) {
    out.columns.push_back(run.name);
    const ordered_json figures = part_of(run, part);
    for (const auto& [name, value] : figures.items()) {
      if (std::ranges::count(names, name) == 0) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    std::vector<std::string> row = {name};
    for (const ReportedRun& run : runs) row.push_back(figure_in(part_of(run, part), name));
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Section metrics_section(ReportedRuns runs) {
  Section out{.heading = "Metrics", .parts = {}};
  const auto tested_on = [](const ReportedRun& run) {
    return run.provenance.value("test_pairs", "");
  };
  const bool same = std::ranges::all_of(
      runs, [&](const auto& run) { return tested_on(run) == tested_on(runs.front()); });
  if (!same)
    out.parts.push_back("The runs were tested on different rows, so their figures do not compare.");
  if (std::ranges::any_of(
          runs, [](const auto& run) { return part_of(run, "test").value("leaked", false); }))
    out.parts.push_back("Figures of a run with leaked: yes are of rows that it was trained on.");
  if (std::ranges::any_of(
          runs, [](const auto& run) { return part_of(run, "test").value("sampled", false); }))
    out.parts.push_back(
        "Figures of a run with sampled: yes rank among a sample of items, and "
        "compare with none of whole rankings.");
  out.parts.push_back(main_table(runs));
  add_comparison(runs, out);
  for (const char* part : {"test", "valid"}) {
    DataTable table = full_table(runs, part);
    table.folded = true;
    if (!table.rows.empty()) out.parts.push_back(std::move(table));
  }
  return out;
}

}  // namespace latent
