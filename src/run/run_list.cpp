#include "src/run/run_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>

#include "src/base/edit_distance.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/json_text.h"
#include "src/config/metric_names.h"
#include "src/config/readers.h"
#include "src/run/run_directory.h"
#include "src/run/run_state.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct ListedRun {
  std::string name, when, error = {};
  RunConfig config = {};
  ordered_json figures = ordered_json::object();  // of the test part
  std::optional<int64_t> unfinished = {};         // the step that it has reached
};

std::string damaged_run(const RunDirectory& run) {
  return run.metrics() + ": damaged; make it anew with: latent train --resume " + run.path();
}

ListedRun read_run(const std::string& path, const std::string& name) {
  const RunDirectory run = RunDirectory::open(path);
  ListedRun out{.name = name, .when = last_change(run)};
  try {
    out.config = read_config(run.config(), {}).config;
    out.unfinished = unfinished_step(run);
    if (!fs::exists(run.metrics())) return out;
    const auto metrics = json_of<ordered_json>(read_file(run.metrics()));
    if (!metrics.is_object() || !metrics.contains("test") || !metrics["test"].is_object())
      throw Error(damaged_run(run));
    out.figures = metrics["test"];
  } catch (const Error& e) {
    const std::string text = e.what();
    out.error = text.substr(0, text.find('\n'));  // the first of a config's complaints
  } catch (const nlohmann::json::exception&) {
    out.error = damaged_run(run);
  }
  return out;
}

std::vector<ListedRun> read_runs(const std::string& folder) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed))
    throw Error(folder + (fs::exists(folder, failed) ? ": is not a folder" : ": no such folder") +
                "; give the one that holds the runs");
  const fs::path whole = fs::absolute(folder).lexically_normal();
  if (RunDirectory::is_run(folder))
    return {read_run(folder, (whole.has_filename() ? whole : whole.parent_path()).filename())};
  std::vector<std::string> names;
  for (auto at = fs::directory_iterator(folder, failed); !failed && at != fs::directory_iterator();
       at.increment(failed)) {
    std::error_code unknown;  // what may not be looked into is no run
    if (at->is_directory(unknown) && fs::exists(at->path() / "config.json", unknown))
      names.push_back(at->path().filename());
  }
  if (failed) throw Error(folder + ": cannot be read: " + failed.message());
  std::ranges::sort(names);
  std::vector<ListedRun> out;
  for (const std::string& name : names)
    out.push_back(read_run((fs::path(folder) / name).string(), name));
  return out;
}

/// For each run, the value of each knob; nothing where the run does not read it or is damaged.
std::vector<std::vector<std::optional<ordered_json>>> values_of(std::vector<ListedRun>& runs) {
  std::vector<std::vector<std::optional<ordered_json>>> out;
  for (ListedRun& run : runs) {
    out.emplace_back();
    for (const Knob& knob : knobs(run.config)) {
      const bool read = run.error.empty() && why_unread(knob.name, run.config).empty();
      out.back().push_back(read ? std::optional<ordered_json>(knob_value(knob)) : std::nullopt);
    }
  }
  return out;
}

/// The figures to show: those asked for, or the main one of each model.
std::vector<std::string> metrics_of(const std::vector<ListedRun>& runs,
                                    const RunListRequest& request) {
  std::vector<std::string> out, known;
  const auto add = [](std::vector<std::string>& names, const std::string& name) {
    if (!name.empty() && std::ranges::count(names, name) == 0) names.push_back(name);
  };
  add(out, request.metric);
  for (const ListedRun& run : runs) {
    if (request.metric.empty() && run.error.empty()) add(out, main_metric(run.config));
    for (const auto& [name, value] : run.figures.items()) {
      if (value.is_number()) add(known, name);
    }
  }
  add(out, request.sort);
  for (const std::string& name : {request.metric, request.sort}) {
    if (!name.empty() && !known.empty() && std::ranges::count(known, name) == 0)
      throw Error("no run in " + request.folder + " has the test metric " + in_quotes(name) +
                  did_you_mean(name, known));
  }
  return out;
}

ordered_json figure_of(const ListedRun& run, const std::string& metric) {
  const auto at = run.figures.find(metric);
  return at != run.figures.end() && at->is_number() ? *at : ordered_json();
}

/// Best first, those without the metric last, equal ones as they stand.
void sort_runs(std::vector<ListedRun>& runs, const std::string& metric) {
  const double sign = is_error_metric(metric) ? 1 : -1;
  std::ranges::stable_sort(runs, [&](const ListedRun& a, const ListedRun& b) {
    const ordered_json one = figure_of(a, metric), other = figure_of(b, metric);
    if (one.is_null() || other.is_null()) return !one.is_null() && other.is_null();
    return sign * one.get<double>() < sign * other.get<double>();
  });
}

}  // namespace

std::string last_change(const RunDirectory& run) {
  std::time_t newest = 0;
  for (const std::string& file : {run.config(), run.log(), run.metrics()}) {
    struct stat status;
    if (::stat(file.c_str(), &status) == 0) newest = std::max(newest, status.st_mtime);
  }
  char text[32];
  std::tm utc;
  ::gmtime_r(&newest, &utc);
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

ordered_json run_list(const RunListRequest& request) {
  std::vector<ListedRun> runs = read_runs(request.folder);
  const std::vector<std::string> metrics = metrics_of(runs, request);
  if (!request.sort.empty()) sort_runs(runs, request.sort);
  const auto values = values_of(runs);
  RunConfig scratch;
  const std::vector<Knob> rows = knobs(scratch);
  std::vector<size_t> differing;
  for (size_t n = 0; n < rows.size(); ++n) {
    std::vector<ordered_json> seen;
    for (const auto& of_run : values) {
      if (of_run[n] && std::ranges::count(seen, *of_run[n]) == 0) seen.push_back(*of_run[n]);
    }
    if (seen.size() > 1 && rows[n].name != "model.name") differing.push_back(n);
  }
  ordered_json out = {{"knobs", ordered_json::array()},
                      {"metrics", metrics},
                      {"runs", ordered_json::array()}};
  for (const size_t n : differing) out["knobs"].push_back(rows[n].name);
  for (size_t r = 0; r < runs.size(); ++r) {
    const ListedRun& run = runs[r];
    ordered_json row = {{"name", run.name}, {"when", run.when}};
    if (!run.error.empty()) {
      row["error"] = run.error;
      out["runs"].push_back(row);
      continue;
    }
    row["model"] = run.config.model.name;
    row["knobs"] = row["metrics"] = ordered_json::object();
    for (const size_t n : differing) {
      if (values[r][n]) row["knobs"][rows[n].name] = *values[r][n];
    }
    for (const std::string& metric : metrics) row["metrics"][metric] = figure_of(run, metric);
    row["finished"] = !run.unfinished;
    if (run.unfinished) row["step"] = *run.unfinished;
    out["runs"].push_back(row);
  }
  return out;
}

}  // namespace latent
