#include "src/run/compare_rows.h"

#include <algorithm>
#include <cmath>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/config/catalog.h"
#include "src/config/knobs.h"
#include "src/config/metric_names.h"
#include "src/config/readers.h"
#include "src/run/run_directory.h"
#include "src/run/saved_run.h"

namespace latent {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// The knobs that make the run's setting, those that its model reads.
ordered_json setting_knobs(const RunConfig& config) {
  RunConfig copy = config;
  ordered_json out = ordered_json::object();
  for (const Knob& knob : knobs(copy)) {
    if (is_setting(knob.name) && why_unread(knob.name, config).empty())
      out[knob.name] = knob_value(knob);
  }
  return out;
}

/// Whether training draws nothing: neither initial values nor samples.
bool draws_nothing(const RunConfig& config) {
  const ModelInfo& model = model_info(config.model.name);
  if (model.trained == Trained::kNot) return true;
  return model.trained == Trained::kBySolver && model.negatives == Negatives::kNone &&
         !why_unread("model.init_std", config).empty();
}

/// Counts, and figures of others than the model.
bool is_no_metric(const std::string& name) {
  for (const char* count : {"interactions", "cold_users", "cold_items", "relevant",
                            "repeated_pairs", "candidates", "baseline_mse", "warm_baseline_mse"}) {
    if (name == count) return true;
  }
  return name.starts_with("popularity_");
}

bool has(const ComparedRun& run, const std::string& metric) {
  return run.test.contains(metric) && run.test[metric].is_number();
}

std::vector<std::string> shared_metrics(const std::vector<ComparedRun>& runs) {
  std::vector<std::string> out;
  for (const auto& [name, value] : runs[0].test.items()) {
    if (is_no_metric(name)) continue;
    const std::string& metric = name;
    if (std::ranges::all_of(runs, [&](const ComparedRun& run) { return has(run, metric); }))
      out.push_back(name);
  }
  return out;
}

/// rmse and mae, or ndcg@k and recall@k.
std::vector<std::string> main_metrics(const RunConfig& config) {
  const std::string main = main_metric(config);
  const size_t at = main.find('@');
  return at == std::string::npos ? std::vector<std::string>{main, "mae"}
                                 : std::vector<std::string>{main, "recall" + main.substr(at)};
}

std::optional<double> mean_cost(const Setting& setting, const char* name) {
  double sum = 0;
  for (const ComparedRun* run : setting.runs) {
    const auto at = run->train.find(name);
    if (at == run->train.end() || !at->is_number()) return std::nullopt;
    sum += at->get<double>();
  }
  return sum / static_cast<double>(setting.runs.size());
}

std::string list_of(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

void require_comparable(const std::vector<ComparedRun>& runs) {
  for (const ComparedRun& run : runs) require_same_parts(runs[0], run);
  // One that leaves a validation part out must agree with all of them on it.
  const auto partial = std::ranges::find_if(runs, [](const ComparedRun& run) {
    return !trains_on_all_but_test(run.config);
  });
  if (partial == runs.end()) return;
  for (const ComparedRun& run : runs) require_same_parts(*partial, run);
}

std::vector<Setting> settings_of(const std::vector<ComparedRun>& runs) {
  std::vector<Setting> out;
  std::vector<ordered_json> keys;
  for (const ComparedRun& run : runs) {
    const ordered_json key = setting_knobs(run.config);
    const auto at = std::ranges::find(keys, key);
    if (at != keys.end()) {
      out[at - keys.begin()].runs.push_back(&run);
      continue;
    }
    keys.push_back(key);
    out.push_back({{&run}, !draws_nothing(run.config)});
  }
  const auto seed = [](const ComparedRun* run) { return run->config.train.seed; };
  for (Setting& setting : out) {
    std::ranges::stable_sort(setting.runs, {}, seed);
    const auto same = std::ranges::adjacent_find(setting.runs, {}, seed);
    if (same != setting.runs.end())
      throw Error((*same)->path + " and " + (*(same + 1))->path +
                  " are the same setting with the same train.seed; leave one of them out");
  }
  return out;
}

std::vector<std::string> metrics_to_compare(const std::vector<ComparedRun>& runs,
                                            const std::vector<std::string>& asked) {
  const std::vector<std::string> shared = shared_metrics(runs);
  const auto is_shared = [&](const std::string& name) {
    return std::ranges::count(shared, name) > 0;
  };
  std::vector<std::string> out;
  for (const std::string& name : asked) {
    if (std::ranges::count(out, name) > 0) continue;
    out.push_back(name);
    if (is_shared(name)) continue;
    const std::string all = shared.empty() ? " (the runs share none)"
                                           : " (all runs have " + list_of(shared) + ")";
    const auto lacking =
        std::ranges::find_if(runs, [&](const ComparedRun& run) { return !has(run, name); });
    const std::string what =
        lacking == runs.end() || is_no_metric(name)
            ? in_quotes(name) + " is no metric to compare by"
            : lacking->path + " has no test metric " + in_quotes(name);
    throw Error(what + all + did_you_mean(name, shared));
  }
  if (!asked.empty()) return out;
  for (const ComparedRun& run : runs) {
    for (const std::string& name : main_metrics(run.config)) {
      if (is_shared(name) && std::ranges::count(out, name) == 0) out.push_back(name);
    }
  }
  if (!out.empty()) return out;
  if (shared.empty())
    throw Error("the runs share no metric: " + runs[0].path + " and " + runs.back().path +
                " were judged by others; train them with eval.metrics = all");
  return {shared[0]};
}

ComparedRow row_of(const Setting& setting) {
  const ComparedRun& first = *setting.runs[0];
  ComparedRow out;
  out.name = first.name;
  out.model = first.config.model.name;
  for (const ComparedRun* run : setting.runs) {
    out.runs.push_back(run->path);
    out.seeds.push_back(run->config.train.seed);
    out.leaked = out.leaked || run->test.value("leaked", false);
  }
  out.seconds = mean_cost(setting, "seconds");
  out.peak_memory_bytes = mean_cost(setting, "peak_memory_bytes");
  out.parameters = mean_cost(setting, "parameters");
  out.list_milliseconds = mean_cost(setting, "list_milliseconds");
  return out;
}

void add_differing_knobs(const std::vector<Setting>& settings, Comparison& out) {
  std::vector<ordered_json> all;
  for (const Setting& setting : settings)
    all.push_back(setting_knobs(setting.runs[0]->config));
  RunConfig scratch;
  for (const Knob& knob : knobs(scratch)) {
    if (knob.name == "model.name") continue;
    std::vector<json> seen;
    for (const ordered_json& own : all) {
      if (own.contains(knob.name) && std::ranges::count(seen, json(own[knob.name])) == 0)
        seen.emplace_back(own[knob.name]);
    }
    if (seen.size() < 2) continue;
    for (size_t s = 0; s < all.size(); ++s) {
      if (all[s].contains(knob.name)) out.rows[s].knobs[knob.name] = all[s][knob.name];
    }
  }
}

void add_notes(const std::vector<ComparedRun>& runs, Comparison& out) {
  const bool ranked = std::ranges::any_of(
      out.metrics, [](const std::string& name) { return !is_error_metric(name); });
  out.sampled = ranked && runs[0].test.value("sampled", false);
  if (out.rows.size() == 1)
    out.notes.push_back("all runs are one setting: they differ in train.seed alone, so there is "
                        "nothing to compare it with");
  for (const ComparedRun& run : runs) {
    if (unfinished_step(RunDirectory::open(run.path)).value_or(0) > 0)
      out.notes.push_back(run.path + ": was trained on after its figures were made; finish it "
                          "with: latent train --resume " + run.path);
    if (!run.per_user)
      out.notes.push_back(run.path + ": has no per_user.npz (eval.per_user was false, or an "
                          "earlier version trained it), so no difference can be tested; make it "
                          "with: latent train --resume " + run.path +
                          " --set eval.per_user=true");
  }
  for (size_t m = 0; m < out.metrics.size() && out.rows.size() > 1; ++m) {
    const auto& rows = out.rows;
    const bool tested = std::ranges::any_of(
        rows, [&](const ComparedRow& row) { return row.metrics[m].reference; });
    const bool files = std::ranges::all_of(
        runs, [](const ComparedRun& run) { return run.per_user.has_value(); });
    if (!tested && files)
      out.notes.push_back(out.metrics[m] + " is not judged user by user, so its differences are "
                          "not tested");
  }
  bool unknown = false;
  for (const ComparedRow& row : out.rows) {
    if (row.leaked)
      out.notes.push_back(row.name + ": was trained on rows of the test part, so it cannot win");
    for (const ComparedMetric& metric : row.metrics)
      unknown = unknown || (metric.difference && !metric.difference->seeds_known);
  }
  if (unknown)
    out.notes.push_back("with one seed on either side a seed's luck is not known, and only large "
                        "differences are told apart; train each setting with several "
                        "(--set train.seed=1, 2, ...)");
}

}  // namespace latent
