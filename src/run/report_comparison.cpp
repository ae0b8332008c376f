// The comparison of `latent compare` as tables of `latent report`.
#include <cstdio>

#include "src/base/error.h"
#include "src/config/metric_names.h"
#include "src/report/markup.h"
#include "src/run/compare.h"
#include "src/run/report_parts.h"

namespace latent {

namespace {

std::string with_sd(const ComparedMetric& metric) {
  char text[64];
  std::snprintf(text, sizeof text, metric.sd ? "%.4f ± %.4f" : "%.4f", metric.mean,
                metric.sd.value_or(0));
  return text;
}

std::string signed_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+.4f", value);
  return text;
}

std::string p_text(double p) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f", p);
  return p < 0.0001 ? "<0.0001" : text;
}

std::string verdict(const ComparedMetric& metric, bool is_error) {
  if (metric.winner) return "best of all";
  if (metric.reference) return "the others are compared with it";
  if (!metric.difference) return "not tested";
  if (!metric.difference->told_apart) return "not told apart";
  return (metric.difference->mean < 0) == is_error ? "better" : "worse";
}

DataTable metric_table(const Comparison& comparison, size_t n) {
  const std::string& name = comparison.metrics[n];
  const bool is_error = is_error_metric(name);
  DataTable out{.caption = name + (is_error ? " (lower is better)" : " (higher is better)") +
                           " of the test part, and its differences to " +
                           (comparison.base.empty() ? "the best" : comparison.base),
                .columns = {"setting", "runs", "mean ± sd over seeds", "difference",
                            "95 % interval", "p (Holm)", "rank-biserial", "verdict"}};
  for (const ComparedRow& row : comparison.rows) {
    const ComparedMetric& metric = row.metrics[n];
    std::vector<std::string> cells = {row.name, std::to_string(row.runs.size()), with_sd(metric)};
    if (metric.difference) {
      const PairedDifference& d = *metric.difference;
      cells.insert(
          cells.end(),
          {signed_text(d.mean), signed_text(d.interval.low) + " to " + signed_text(d.interval.high),
           p_text(d.p_holm), signed_text(d.rank_biserial)});
    } else {
      cells.insert(cells.end(), 4, "–");
    }
    cells.push_back(verdict(metric, is_error));
    out.rows.push_back(std::move(cells));
  }
  return out;
}

std::string figure_or_none(const std::optional<double>& value, double scale = 1) {
  return value ? figure_text(*value * scale) : "–";
}

DataTable cost_table(const Comparison& comparison) {
  DataTable out{.caption = "What the settings cost, means over their runs",
                .columns = {"setting", "training seconds", "peak memory (MB)", "parameters",
                            "milliseconds for a list"}};
  for (const ComparedRow& row : comparison.rows)
    out.rows.push_back({row.name, figure_or_none(row.seconds),
                        figure_or_none(row.peak_memory_bytes, 1e-6), figure_or_none(row.parameters),
                        figure_or_none(row.list_milliseconds)});
  return out;
}

}  // namespace

void add_comparison(ReportedRuns runs, Section& section) {
  if (runs.size() < 2) return;
  CompareRequest request;
  for (const ReportedRun& run : runs) request.runs.push_back(run.path);
  Comparison comparison;
  try {
    comparison = compare_runs(request);
  } catch (const Error& e) {
    const std::string text = e.what();
    section.parts.push_back("Differences are not tested: " + text.substr(0, text.find('\n')));
    return;
  }
  section.parts.push_back(
      "Runs that differ in their seed alone are one setting. A setting is told apart where Holm's "
      "adjusted p of Wilcoxon's signed-rank test over users is below 0.05 and the bootstrap "
      "interval "
      "over users and seeds leaves out 0.");
  for (const std::string& note : comparison.notes) section.parts.push_back(note);
  for (size_t n = 0; n < comparison.metrics.size(); ++n)
    section.parts.push_back(metric_table(comparison, n));
  section.parts.push_back(cost_table(comparison));
}

}  // namespace latent
