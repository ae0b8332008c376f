#include "src/run/report.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "src/base/error.h"
#include "src/run/report_sections.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

/// The last parts of the paths, where they tell the runs apart; else the paths.
void name_runs(std::vector<ReportedRun>& runs) {
  std::set<std::string> names;
  for (const ReportedRun& run : runs) names.insert(fs::path(run.path).filename());
  if (names.size() < runs.size()) return;
  for (ReportedRun& run : runs) run.name = fs::path(run.path).filename();
}

std::string title_of(const ReportRequest& request) {
  const auto& paths = request.runs_and_sweeps;
  const std::string first = without_slash(paths.front());
  if (paths.size() == 1) return "Report on " + first;
  return "Report on " + first + " and " + std::to_string(paths.size() - 1) +
         (paths.size() == 2 ? " other" : " others");
}

void add_notes(const std::vector<ReportedRun>& runs, Page& page) {
  if (runs.size() > kMostCharted)
    page.lead.push_back("Charts show the first " + std::to_string(kMostCharted) + " of " +
                        std::to_string(runs.size()) + " runs; tables show all.");
  for (const ReportedRun& run : runs) {
    if (run.unfinished)
      page.lead.push_back(run.name + " is not finished: it stands at step " +
                          std::to_string(*run.unfinished) + ". Go on with: latent train --resume " +
                          run.path);
    if (!run.left_out.empty())
      page.lead.push_back("What needs the model and data of " + run.name +
                          " is left out: " + run.left_out);
  }
}

}  // namespace

Page report_page(const ReportRequest& request) {
  std::vector<ReportedSweep> sweeps;
  std::vector<std::string> paths;
  const auto add = [&](const std::string& path) {
    if (std::ranges::count(paths, path) == 0) paths.push_back(path);
  };
  for (const std::string& given : request.runs_and_sweeps) {
    const std::string path = without_slash(given);
    if (!is_sweep_folder(path)) {
      if (fs::is_directory(path) && !RunDirectory::is_run(path))
        throw Error(path + ": neither a run nor a sweep of latent (no config.json, no sweep.json)");
      add(path);
      continue;
    }
    sweeps.push_back(read_reported_sweep(path));
    for (const std::string& run : sweeps.back().runs) add(run);
  }
  std::vector<ReportedRun> runs;
  for (const std::string& path : paths) runs.push_back(read_reported_run(path));
  name_runs(runs);
  Page page{.title = title_of(request), .lead = {}, .sections = {}};
  add_notes(runs, page);
  const auto add_section = [&](Section section) {
    if (!section.parts.empty()) page.sections.push_back(std::move(section));
  };
  if (!runs.empty()) add_section(metrics_section(runs));
  for (const ReportedSweep& sweep : sweeps) add_section(sweep_section(sweep));
  if (runs.empty()) return page;
  for (const auto& section :
       {curves_section, predictions_section, groups_section, places_section, lists_section,
        map_section, neighbours_section, differences_section, provenance_section})
    add_section(section(runs));
  return page;
}

}  // namespace latent
