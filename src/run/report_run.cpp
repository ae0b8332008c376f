#include "src/run/report_run.h"

#include <algorithm>
#include <sstream>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/config/metric_names.h"
#include "src/run/run_list.h"
#include "src/run/saved_run.h"

namespace latent {

namespace {

constexpr size_t kMostPoints = 200;  // of a curve: more than a chart can tell apart

std::vector<LoggedValue> thinned(const std::vector<LoggedValue>& all) {
  const size_t stride = std::max<size_t>(1, (all.size() + kMostPoints - 1) / kMostPoints);
  std::vector<LoggedValue> out;
  for (size_t n = 0; n < all.size(); ++n) {
    if (n % stride == 0 || n + 1 == all.size() || all[n].best) out.push_back(all[n]);
  }
  return out;
}

void mark_best(std::vector<LoggedValue>& values, const std::string& metric) {
  if (values.empty()) return;
  const double sign = is_error_metric(metric) ? 1 : -1;
  std::ranges::min_element(values, {}, [&](const LoggedValue& v) { return sign * v.value; })->best =
      true;
}

}  // namespace

RunLog read_log(const RunDirectory& run) {
  RunLog out;
  if (!std::filesystem::exists(run.log())) return out;
  std::istringstream lines(read_file(run.log()));
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("step") || !line["step"].is_number()) continue;
    if (line.contains("final")) continue;
    const double step = line["step"].get<double>();
    const bool refit = line.contains("refit");
    for (const auto& [key, value] : line.items()) {
      if (!value.is_number()) continue;
      if (key == "objective")
        (refit ? out.refit_objective : out.objective).push_back({step, value.get<double>()});
      if (key.starts_with("valid_") && !refit) {
        out.metric = key.substr(6);
        out.valid.push_back({step, value.get<double>()});
      }
    }
  }
  mark_best(out.valid, out.metric);
  for (auto* curve : {&out.objective, &out.refit_objective, &out.valid}) *curve = thinned(*curve);
  return out;
}

ReportedRun read_reported_run(const std::string& path) {
  const RunDirectory run = RunDirectory::open(path);
  ReportedRun out{.name = path,
                  .path = path,
                  .when = last_change(run),
                  .config = read_config(run.config(), {}).config,
                  .provenance = saved_provenance(run),
                  .unfinished = unfinished_step(run),
                  .log = read_log(run),
                  .model = {},
                  .left_out = {}};
  if (std::filesystem::exists(run.metrics())) {
    out.metrics = nlohmann::ordered_json::parse(read_file(run.metrics()), nullptr, false);
    if (!out.metrics.is_object() || !out.metrics.contains("test") ||
        !out.metrics["test"].is_object())
      throw Error(run.metrics() + ": damaged; make it anew with: latent train --resume " + path);
  }
  tell_if_unfinished(run);
  try {
    out.model = model_figures(run);
  } catch (const Error& e) {
    const std::string text = e.what();
    out.left_out = text.substr(0, text.find('\n'));
  }
  return out;
}

}  // namespace latent
