#include "src/config/sweep_spec.h"

#include <algorithm>
#include <set>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/config/catalog.h"
#include "src/config/complaints.h"
#include "src/config/metric_names.h"
#include "src/config/readers.h"

namespace latent {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr int64_t kMostTrials = 10000;
constexpr int64_t kMostSeeds = 1000;
constexpr double kValid = 0.1;  // the share by which trials are judged, where it is auto

int64_t whole_number(const ordered_json& section, const std::string& key, int64_t low,
                     int64_t high, int64_t otherwise) {
  if (!section.contains(key)) return otherwise;
  const ordered_json& value = section[key];
  if (!value.is_number_integer() || value < low || value > high)
    throw Error("sweep." + key + " must be a whole number from " + std::to_string(low) + " to " +
                std::to_string(high) + ", not " + value.dump());
  return value;
}

std::string word(const ordered_json& section, const std::string& key, std::string otherwise) {
  if (!section.contains(key)) return otherwise;
  if (!section[key].is_string())
    throw Error("sweep." + key + " must be a string, not " + section[key].dump());
  return section[key];
}

std::vector<SweepAxis> read_axes(const ordered_json& section) {
  if (!section.contains("over") || !section["over"].is_object() || section["over"].empty())
    throw Error("sweep.over is missing; give the knobs to try, as {\"train.lr\": [0.01, 0.1]}");
  std::vector<SweepAxis> axes;
  std::string lines;
  for (const auto& [knob, values] : section["over"].items()) {
    try {
      axes.push_back(read_axis(knob, values));
    } catch (const Error& e) {
      lines += (lines.empty() ? "" : "\n") + std::string(e.what());
    }
  }
  if (!lines.empty()) throw Error(lines);
  return axes;
}

/// All but the metric, which depends on the trials' models.
SweepSpec read_spec(const ordered_json& section) {
  if (!section.is_object())
    throw Error("the section \"sweep\" is an object, {\"over\": {...}, ...}");
  const std::vector<std::string> keys = {"over",   "search", "trials", "seeds",
                                         "metric", "seed",   "per",    "report"};
  for (const auto& [key, value] : section.items()) {
    if (std::ranges::count(keys, key) == 0)
      throw Error("unknown key " + in_quotes("sweep." + key) + did_you_mean(key, keys));
  }
  if (section.contains("report") && !section["report"].is_boolean())
    throw Error("sweep.report must be true or false, not " + section["report"].dump());
  SweepSpec spec;
  spec.over = read_axes(section);
  spec.search = word(section, "search", spec.search);
  if (spec.search != "grid" && spec.search != "random" && spec.search != "halving")
    throw Error("sweep.search must be one of grid random halving, not " + in_quotes(spec.search));
  const bool grid = spec.search == "grid";
  if (grid && section.contains("trials"))
    throw Error("sweep.trials is not read by a grid, which has a trial for each combination; "
                "leave it out");
  spec.trials = whole_number(section, "trials", 1, kMostTrials, spec.trials);
  spec.seeds = whole_number(section, "seeds", 1, kMostSeeds, spec.seeds);
  spec.seed = whole_number(section, "seed", 0, INT32_MAX, spec.seed);
  spec.metric = word(section, "metric", "auto");
  double points = 1;
  for (const SweepAxis& axis : spec.over) {
    const bool range = axis.values.empty();
    if (grid && range && axis.points == 0)
      throw Error("sweep.over: '" + axis.knob +
                  "' needs \"points\" in a grid, as {\"log\": [0.001, 0.1], \"points\": 5}");
    points *= range ? static_cast<double>(axis.points) : static_cast<double>(axis.values.size());
  }
  if (grid && points > kMostTrials)
    throw Error("the grid has more than " + std::to_string(kMostTrials) +
                " trials; search randomly, or give fewer points");
  return spec;
}

/// A trial's length is its rung's: early stopping has to be asked for.
ResolvedConfig resolved_with(ordered_json given, const std::string& where) {
  if (!given.contains("train.patience")) given["train.patience"] = 0;
  ResolvedConfig resolved = resolve_with_complaints(given.dump(), where, {});
  refuse(resolved.wrong);
  return resolved;
}

json value_of(RunConfig config, const std::string& knob) {
  const std::vector<Knob> rows = knobs(config);
  return knob_value(*std::ranges::find(rows, knob, &Knob::name));
}

/// Makes trials of the config and a choice of values.
class TrialMaker {
 public:
  TrialMaker(const ordered_json& given, const SweepSpec& spec, const std::string& where)
      : given_(given), spec_(spec), where_(where) {}

  /// `values` [axes], or empty for the config as it stands.
  SweepTrial trial(const std::vector<json>& values) const {
    ordered_json own = given_;
    for (size_t n = 0; n < values.size(); ++n) own[spec_.over[n].knob] = values[n];
    const ResolvedConfig whole = resolved_with(own, where_);
    const ordered_json all = own;
    for (const auto& [knob, value] : all.items()) {
      const bool of_rows = knob.starts_with("data.") || knob.starts_with("split.");
      if ((!of_rows || is_axis(knob)) && !why_unread(knob, whole.config).empty()) own.erase(knob);
    }
    SweepTrial out;
    out.config = resolved_with(own, where_).config;
    out.tuned = ordered_json::object();
    for (const SweepAxis& axis : spec_.over) {
      if (why_unread(axis.knob, out.config).empty())
        out.tuned[axis.knob] = value_of(out.config, axis.knob);
    }
    return out;
  }

 private:
  bool is_axis(const std::string& knob) const {
    return std::ranges::count(spec_.over, knob, &SweepAxis::knob) > 0;
  }

  const ordered_json& given_;
  const SweepSpec& spec_;
  const std::string& where_;
};

/// Trials, each once: two that come to the same model and knobs are one.
class TrialList {
 public:
  /// Whether it was new.
  bool add(SweepTrial trial) {
    RunConfig copy = trial.config;
    std::string whole;
    for (const Knob& knob : knobs(copy)) whole += knob_value(knob).dump() + "\n";
    if (!known_.insert(whole).second) return false;
    trials_.push_back(std::move(trial));
    return true;
  }
  int64_t size() const { return static_cast<int64_t>(trials_.size()); }
  std::vector<SweepTrial> take() { return std::move(trials_); }

 private:
  std::set<std::string> known_;
  std::vector<SweepTrial> trials_;
};

void add_grid(const SweepSpec& spec, const TrialMaker& maker, TrialList& trials) {
  std::vector<std::vector<json>> values;
  for (const SweepAxis& axis : spec.over) values.push_back(grid_values(axis));
  std::vector<size_t> at(values.size());
  while (true) {
    std::vector<json> chosen;
    for (size_t n = 0; n < at.size(); ++n) chosen.push_back(values[n][at[n]]);
    trials.add(maker.trial(chosen));
    size_t axis = at.size();  // like an odometer, from the last
    while (axis > 0 && ++at[axis - 1] == values[axis - 1].size()) at[--axis] = 0;
    if (axis == 0) return;
  }
}

void add_drawn(const SweepSpec& spec, const TrialMaker& maker, TrialList& trials) {
  constexpr int kMisses = 100;  // in a row: few values have few combinations
  const Rng random(static_cast<uint64_t>(spec.seed));
  int misses = 0;
  for (int64_t draw = 1; trials.size() < spec.trials && misses < kMisses; ++draw) {
    std::vector<json> chosen;
    for (const SweepAxis& axis : spec.over)
      chosen.push_back(drawn_value(axis, random.stream("sweep." + axis.knob, draw)));
    misses = trials.add(maker.trial(chosen)) ? 0 : misses + 1;
  }
}

/// The metric with "auto" resolved; Error where some trial's model has no such metric.
std::string metric_for(const SweepSpec& spec, const std::vector<SweepTrial>& trials) {
  std::string metric = spec.metric;
  for (const SweepTrial& trial : trials) {
    RunConfig config = trial.config;
    config.train.monitor = metric;
    try {
      metric = monitored_metric(config);
    } catch (const Error& e) {
      const std::string what = e.what(), name = "train.monitor = ";
      throw Error("sweep.metric = " + what.substr(what.find(name) + name.size()));
    }
  }
  return metric;
}

/// Refuses what `latent train` would refuse of the config, where trials do not mend it.
void check_config(ResolvedConfig resolved, const SweepPlan& plan) {
  for (const SweepAxis& axis : plan.spec.over) {
    const bool read = std::ranges::any_of(
        plan.trials, [&](const SweepTrial& trial) { return trial.tuned.contains(axis.knob); });
    if (!read)
      throw Error("sweep.over: no trial reads '" + axis.knob + "'; " +
                  why_unread(axis.knob, resolved.config));
  }
  for (auto& [name, source] : resolved.sources) {
    if (!is_given(source)) continue;
    const std::string& knob = name;  // clang 14 captures no structured binding
    const bool read = std::ranges::any_of(plan.trials, [&](const SweepTrial& trial) {
      return why_unread(knob, trial.config).empty();
    });
    if (read) source = "default";
  }
  refuse(complaints(resolved));
  const RunConfig& config = resolved.config;
  if (config.data.path == "-")
    throw Error("data.path = -, but a sweep reads its data again at its end; give a file");
  const bool file = config.split.kind == "files" && !config.data.valid_path.empty();
  if (!file && config.split.valid_share() == 0 && config.split.valid_from.empty())
    throw Error("a sweep needs a validation part, by which trials are judged; set split.valid");
  if (config.train.rows == "all")
    throw Error("train.rows = all trains on the test part, which no trial may see; leave it out");
}

}  // namespace

ordered_json given_knobs(const ResolvedConfig& resolved) {
  RunConfig copy = resolved.config;
  ordered_json out = ordered_json::object();
  for (const Knob& knob : knobs(copy)) {
    const std::string& source = resolved.sources.at(knob.name);
    if (source != "default" && source != "model") out[knob.name] = knob_value(knob);
  }
  return out;
}

SweepPlan plan_sweep(const ordered_json& as_given, const ordered_json& section,
                     const std::string& where) {
  ordered_json given = as_given;
  ResolvedConfig resolved = resolved_with(given, where);
  if (!resolved.config.split.valid.value && why_unread("split.valid", resolved.config).empty()) {
    given["split.valid"] = kValid;
    resolved = resolved_with(given, where);
  }
  SweepPlan plan{given, section, read_spec(section), {}};
  const TrialMaker maker(given, plan.spec, where);
  TrialList trials;
  trials.add(maker.trial({}));
  if (plan.spec.search == "grid") {
    add_grid(plan.spec, maker, trials);
  } else {
    add_drawn(plan.spec, maker, trials);
  }
  plan.trials = trials.take();
  plan.spec.metric = metric_for(plan.spec, plan.trials);
  check_config(resolved, plan);
  return plan;
}

}  // namespace latent
