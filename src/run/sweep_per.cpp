#include "src/run/sweep_per.h"

#include <algorithm>
#include <filesystem>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/base/log.h"
#include "src/base/text_writer.h"
#include "src/config/complaints.h"
#include "src/run/evaluate.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

SweepReport run_group(const SweepGroup& group, const SweepRequest& request,
                      const std::string& directory) {
  SweepRequest own;
  own.where = request.where;
  own.directory = directory + "/" + group.name;
  own.resume = std::filesystem::exists(own.directory + "/sweep.json");
  if (!own.resume) {
    own.config = resolve_with_complaints(group.given.dump(), request.where, {});
    own.config->sweep = group.section;
  }
  own.jobs = request.jobs;
  say("sweep: " + own.directory);
  return run_sweep(own);
}

/// A line of the joint table.
ordered_json winner_of(const SweepGroup& group, const SweepReport& report) {
  const ordered_json& best = report.table["trials"][0];
  const ordered_json& winner = report.table["winner"];
  return {{"name", group.name},           {"directory", report.directory},
          {"trials", report.table["trials"].size()},
          {"trial", winner["trial"]},     {"value", best["value"]},
          {"sd", best["sd"]},             {"seeds", best["seeds"]},
          {"tuned", winner["tuned"]},     {"test", winner["test"]},
          {"runs", winner["runs"]}};
}

std::string winners_csv(const ordered_json& table) {
  const std::string metric = table["metric"];
  std::string out = "rank,name,trials,trial," + csv_field("valid_" + metric) + ",valid_sd," +
                    csv_field("test_" + metric) + ",test_sd,seeds,tuned\n";
  const auto exact = [](const ordered_json& value) {
    return value.is_null() ? std::string() : value.dump();
  };
  int64_t rank = 0;
  for (const ordered_json& row : table["winners"]) {
    const ordered_json test = row["test"].value(metric, ordered_json::object());
    const std::vector<std::string> cells = {std::to_string(++rank),
                                            csv_field(row["name"].get<std::string>()),
                                            row["trials"].dump(),
                                            row["trial"].dump(),
                                            exact(row["value"]),
                                            exact(row["sd"]),
                                            exact(test.value("mean", ordered_json())),
                                            exact(test.value("sd", ordered_json())),
                                            row["seeds"].dump(),
                                            csv_field(row["tuned"].dump())};
    for (size_t n = 0; n < cells.size(); ++n) out += (n > 0 ? "," : "") + cells[n];
    out += "\n";
  }
  return out;
}

}  // namespace

SweepReport run_groups(const std::vector<SweepGroup>& groups, const SweepRequest& request,
                       const std::string& directory) {
  std::vector<ordered_json> winners;
  std::string metric;
  for (const SweepGroup& group : groups) {
    const SweepReport report = run_group(group, request, directory);
    metric = report.table["metric"];
    winners.push_back(winner_of(group, report));
  }
  const bool higher = Evaluator::higher_is_better(metric);
  std::ranges::stable_sort(winners, [&](const ordered_json& a, const ordered_json& b) {
    const double x = a["value"], y = b["value"];
    return higher ? x > y : x < y;
  });
  SweepReport out{directory, {{"metric", metric}, {"winners", winners}}};
  write_file(directory + "/sweep.csv", winners_csv(out.table));
  return out;
}

}  // namespace latent
