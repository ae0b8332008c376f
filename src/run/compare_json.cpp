// A comparison as JSON.
#include "src/config/metric_names.h"
#include "src/run/compare.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

ordered_json or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

std::string verdict_of(const std::string& metric, const PairedDifference& difference) {
  if (!difference.told_apart) return "not told apart";
  return (difference.mean < 0) == is_error_metric(metric) ? "better" : "worse";
}

ordered_json metric_json(const std::string& name, const ComparedMetric& metric) {
  ordered_json out = {{"mean", metric.mean},
                      {"sd", or_null(metric.sd)},
                      {"values", metric.values},
                      {"reference", metric.reference},
                      {"winner", metric.winner},
                      {"difference", nullptr}};
  if (!metric.difference) return out;
  const PairedDifference& d = *metric.difference;
  out["difference"] = {{"mean", d.mean},
                       {"interval", {d.interval.low, d.interval.high}},
                       {"users", d.users},
                       {"p", d.p},
                       {"p_holm", d.p_holm},
                       {"rank_biserial", d.rank_biserial},
                       {"seeds_known", d.seeds_known},
                       {"verdict", verdict_of(name, d)}};
  return out;
}

}  // namespace

ordered_json comparison_json(const Comparison& comparison) {
  ordered_json out = {{"metrics", comparison.metrics}, {"draws", kCompareDraws}};
  if (comparison.sampled) out["sampled"] = true;
  if (!comparison.base.empty()) out["base"] = comparison.base;
  out["rows"] = ordered_json::array();
  for (const ComparedRow& row : comparison.rows) {
    ordered_json one = {{"name", row.name}, {"model", row.model}, {"runs", row.runs},
                        {"seeds", row.seeds}, {"n", row.seeds.size()}};
    one["knobs"] = row.knobs.is_null() ? ordered_json::object() : row.knobs;
    if (row.leaked) one["leaked"] = true;
    one["metrics"] = ordered_json::object();
    for (size_t m = 0; m < comparison.metrics.size(); ++m)
      one["metrics"][comparison.metrics[m]] = metric_json(comparison.metrics[m], row.metrics[m]);
    one["seconds"] = or_null(row.seconds);
    one["peak_memory_bytes"] = or_null(row.peak_memory_bytes);
    one["parameters"] = or_null(row.parameters);
    one["list_milliseconds"] = or_null(row.list_milliseconds);
    out["rows"].push_back(one);
  }
  out["notes"] = comparison.notes;
  return out;
}

}  // namespace latent
