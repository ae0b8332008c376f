#include "src/run/compared_run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/config/readers.h"
#include "src/run/per_user_file.h"
#include "src/run/run_directory.h"
#include "src/run/saved_run.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

struct NamedRun {
  std::string path, name;
};

/// D/winner, D/winner-seed1, ...
std::vector<NamedRun> winner_runs(const std::string& sweep) {
  std::vector<NamedRun> out;
  std::string run = sweep + "/winner";
  for (int seed = 1; fs::exists(run + "/metrics.json"); ++seed) {
    out.push_back({run, sweep});
    run = sweep + "/winner-seed" + std::to_string(seed);
  }
  if (out.empty())
    throw Error(sweep + ": this sweep has no winner yet; go on with: latent sweep --resume " +
                sweep);
  return out;
}

std::string damaged(const RunDirectory& run) {
  return run.metrics() + ": damaged; make it anew with: latent train --resume " + run.path();
}

/// Throws Error where the users' figures do not come to those of metrics.json.
void require_agreement(const ComparedRun& run, const std::string& path) {
  for (const auto& [name, value] : run.test.items()) {
    const auto users = metric_of_users(run, name);
    if (!users || !value.is_number()) continue;
    const double told = value.get<double>(), found = users->sums.figure();
    if (!(std::abs(told - found) <= 1e-5 * std::max(1.0, std::abs(told))))
      throw Error(path + ": its " + name + " is not that of metrics.json; make both anew with: " +
                  "latent train --resume " + run.path);
  }
}

ComparedRun read_run(const NamedRun& named) {
  const RunDirectory run = RunDirectory::open(named.path);
  ComparedRun out{.path = named.path, .name = named.name};
  out.config = read_config(run.config(), {}).config;
  out.provenance = saved_provenance(run);
  if (!fs::exists(run.metrics()))
    throw Error(run.path() + ": this run is not finished; go on with: latent train --resume " +
                run.path());
  const auto metrics = ordered_json::parse(read_file(run.metrics()), nullptr, false);
  for (const char* part : {"test", "train"}) {
    if (!metrics.is_object() || !metrics.contains(part) || !metrics[part].is_object())
      throw Error(damaged(run));
  }
  out.test = metrics["test"];
  out.train = metrics["train"];
  if (out.test.empty())
    throw Error(run.path() + ": has no test part, so there is nothing to compare");
  if (!fs::exists(run.per_user())) return out;
  out.per_user = read_per_user(run.per_user());
  require_agreement(out, run.per_user());
  return out;
}

Error incomparable(const ComparedRun& a, const ComparedRun& b, const std::string& difference) {
  return Error(a.path + " and " + b.path + " cannot be compared: " + difference);
}

struct KnobPair {
  std::string name;
  json a, b;
  bool read;  ///< by either
};

std::vector<KnobPair> knob_pairs(const ComparedRun& a, const ComparedRun& b) {
  RunConfig one = a.config, other = b.config;
  const auto was = knobs(one), is = knobs(other);
  std::vector<KnobPair> out;
  for (size_t n = 0; n < was.size(); ++n) {
    const std::string& name = was[n].name;
    out.push_back({name, knob_value(was[n]), knob_value(is[n]),
                   why_unread(name, one).empty() || why_unread(name, other).empty()});
  }
  return out;
}

void require_same_knobs(const ComparedRun& a, const ComparedRun& b,
                        const std::vector<std::string>& names) {
  for (const KnobPair& knob : knob_pairs(a, b)) {
    if (knob.a == knob.b || !knob.read || std::ranges::count(names, knob.name) == 0) continue;
    throw incomparable(a, b, knob.name + " is " + knob.a.dump() + " in the one and " +
                                 knob.b.dump() + " in the other");
  }
}

bool is_any(const std::string& knob, const std::vector<std::string>& names) {
  return std::ranges::count(names, knob) > 0;
}

}  // namespace

std::vector<ComparedRun> read_compared_runs(const std::vector<std::string>& words) {
  std::vector<NamedRun> named;
  for (const std::string& word : words) {
    std::string path = word;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (fs::exists(path + "/sweep.json")) {
      for (NamedRun& run : winner_runs(path)) named.push_back(std::move(run));
    } else {
      named.push_back({path, path});
    }
  }
  std::vector<ComparedRun> out;
  std::vector<fs::path> met;
  for (const NamedRun& run : named) {
    std::error_code failed;
    const fs::path whole = fs::weakly_canonical(run.path, failed);
    if (!failed && std::ranges::count(met, whole) > 0) continue;
    met.push_back(whole);
    out.push_back(read_run(run));
  }
  return out;
}

void require_same_parts(const ComparedRun& a, const ComparedRun& b) {
  require_same_knobs(a, b,
                     {"data.rating", "data.rating_map", "data.missing", "data.where",
                      "data.duplicates", "data.positive_at_least", "data.drop_zero",
                      "data.min_user", "data.min_item", "split.kind", "split.seed", "split.test",
                      "split.order", "split.test_from", "split.folds", "split.fold"});
  for (const auto& [key, what] : {std::pair("data_crc32", "other data"),
                                  std::pair("ids_crc32", "other users or items"),
                                  std::pair("test_pairs", "another test part")}) {
    const std::string one = a.provenance.value(key, ""), other = b.provenance.value(key, "");
    if (one == other || one.empty() || other.empty()) continue;
    throw incomparable(a, b, std::string(what) + ": data.path " + in_quotes(a.config.data.path) +
                                 " (" + key + " " + one + ") in the one and " +
                                 in_quotes(b.config.data.path) + " (" + other +
                                 ") in the other");
  }
  if (trains_on_all_but_test(a.config) && trains_on_all_but_test(b.config)) return;
  require_same_knobs(a, b, {"split.valid", "split.valid_from"});
  if (a.config.data.valid_path.empty() != b.config.data.valid_path.empty())
    throw incomparable(a, b, "data.valid_path is given in only one of them");
}

bool trains_on_all_but_test(const RunConfig& config) {
  return config.train.refit ||
         (config.split.valid_share() == 0 && config.split.valid_from.empty() &&
          config.data.valid_path.empty());
}

void require_same_rules(const ComparedRun& a, const ComparedRun& b) {
  require_same_knobs(a, b, {"eval.mask", "eval.candidates", "eval.relevant_at_least"});
}

bool is_setting(const std::string& knob) {
  for (const char* section : {"split.", "checkpoint.", "eval.", "export.", "log."}) {
    if (knob.starts_with(section)) return false;
  }
  if (knob.starts_with("data.")) return is_any(knob, {"data.rating_scale", "data.weight"});
  return !is_any(knob, {"train.seed", "train.threads", "train.log_every"});
}

std::optional<MetricOfUsers> metric_of_users(const ComparedRun& run, const std::string& metric) {
  if (!run.per_user) return std::nullopt;
  const PerUserFigures& figures = *run.per_user;
  if (is_any(metric, {"mse", "rmse", "mae"})) {
    if (figures.count.empty()) return std::nullopt;
    MetricOfUsers out{.user = figures.user, .sums = {}};
    out.sums.sum = metric == "mae" ? figures.absolute_error : figures.squared_error;
    out.sums.weight.assign(figures.count.begin(), figures.count.end());
    out.sums.root = metric == "rmse";
    return out;
  }
  for (const auto& [name, values] : figures.rankings) {
    if (name != metric) continue;
    MetricOfUsers out;
    for (size_t n = 0; n < values.size(); ++n) {
      if (std::isnan(values[n])) continue;
      out.user.push_back(figures.user[n]);
      out.sums.sum.push_back(values[n]);
    }
    if (!out.user.empty()) return out;
  }
  return std::nullopt;
}

}  // namespace latent
