// sweep.
#include <cstdio>

#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/report/sweep_table.h"
#include "src/run/ranks.h"
#include "src/run/sweep.h"

namespace latent {

namespace {

/// Takes "sweep.KEY=VALUE" out of `sets` and into the section; the others are knobs.
std::vector<std::string> split_sets(const std::vector<std::string>& sets,
                                    nlohmann::ordered_json& section) {
  std::vector<std::string> knobs;
  for (const std::string& set : sets) {
    const size_t equals = set.find('=');
    if (!set.starts_with("sweep.") || equals == std::string::npos) {
      knobs.push_back(set);
      continue;
    }
    const std::string key = set.substr(6, equals - 6), text = set.substr(equals + 1);
    const auto value = nlohmann::ordered_json::parse(text, nullptr, false);
    section[key] = value.is_discarded() ? nlohmann::ordered_json(text) : value;
  }
  return knobs;
}

/// The sweep's metric on the test part, on the mean over the winner's seeds.
std::string test_text(const nlohmann::ordered_json& table) {
  const auto& winner = table["winner"];
  const auto found = winner["test"].find(table["metric"].get<std::string>());
  std::string out = "winner: trial " + std::to_string(winner["trial"].get<int64_t>());
  if (found == winner["test"].end()) return out;
  char text[80];
  const auto& sd = (*found)["sd"];
  std::snprintf(text, sizeof text, sd.is_number() ? " %.4f ± %.4f" : " %.4f",
                (*found)["mean"].get<double>(), sd.is_number() ? sd.get<double>() : 0);
  return out + ", test " + table["metric"].get<std::string>() + text;
}

/// sweep.report: the page of a sweep, or of the sweeps of each value.
void report_sweep(const SweepReport& report) {
  std::vector<std::string> sweeps;
  if (report.table.contains("winners")) {
    for (const auto& winner : report.table["winners"])
      sweeps.push_back(winner["directory"].get<std::string>());
  } else {
    sweeps.push_back(report.directory);
  }
  write_report(sweeps, report.directory + "/report.html");
}

}  // namespace

int run_sweep_command(int argc, char** argv) {
  CommandLine line(
      "sweep CONFIG [options]",
      "Trains a config with the values that its section \"sweep\" lists and judges each "
      "on the validation part; then fits the best on train and valid, and tests it "
      "once.",
      "latent sweep configs/sweep.json --jobs 2");
  line.add()("jobs", "trials at the same time", cxxopts::value<int64_t>()->default_value("1"), "N")(
      "run-dir", "the sweep's folder to make (default: a new one under runs/)",
      cxxopts::value<std::string>(), "DIR")(
      "resume", "go on with a sweep; CONFIG may be left out", cxxopts::value<std::string>(), "DIR")(
      "json", "print JSON");
  line.add_set();
  if (!line.parse(argc, argv, {"CONFIG"}, 0)) return 0;
  require_one_process("sweep");
  SweepRequest request;
  request.resume = line.has("resume");
  if (request.resume && line.has("run-dir"))
    throw UsageError("--resume goes on in the sweep's own folder; leave out --run-dir");
  if (request.resume) request.directory = line.get<std::string>("resume");
  if (line.has("run-dir")) request.directory = line.get<std::string>("run-dir");
  if (line.words() > 0) {
    nlohmann::ordered_json section = nlohmann::ordered_json::object();
    request.where = line.word(0);
    request.config = read_with_complaints(request.where, split_sets(line.sets(), section));
    if (!section.empty()) request.config->sweep.update(section);
  } else if (!request.resume) {
    throw UsageError("missing CONFIG; latent sweep --help shows how");
  } else if (!line.sets().empty()) {
    throw UsageError("--set does not go with --resume: a sweep goes on as it began");
  }
  const auto jobs = line.get<int64_t>("jobs");
  if (jobs < 1 || jobs > 1024) throw UsageError("--jobs must be from 1 to 1024");
  request.jobs = static_cast<int>(jobs);
  const SweepReport report = run_sweep(request);
  if (report.table.contains("winners")) {
    print(line.has("json") ? report.table.dump(2) : winners_table(report.table));
    say("sweep: " + report.directory);
    if (report.wants_report) report_sweep(report);
    return 0;
  }
  print(line.has("json") ? report.table.dump(2)
                         : sweep_table(report.table) + test_text(report.table));
  say("sweep: " + report.directory + "; the winner's run: " +
      report.table["winner"]["runs"][0].get<std::string>());
  if (report.wants_report) report_sweep(report);
  return 0;
}

}  // namespace latent
