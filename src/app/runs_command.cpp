// runs: a table of the runs of a folder.
#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/report/run_table.h"
#include "src/run/run_list.h"

namespace latent {

int run_runs(int argc, char** argv) {
  CommandLine line("runs [DIR] [options]",
                   "Prints a table of the runs in DIR (default: runs): model, the knobs that "
                   "differ among them, the main metric of the test part, when, and whether each is "
                   "finished. A run that cannot be read is a line with its error.",
                   "latent runs runs --sort rmse");
  line.add()("metric", "the test metric to show, as metrics.json names it",
             cxxopts::value<std::string>(), "METRIC")(
      "sort", "sort by a test metric, best first (default: by name)",
      cxxopts::value<std::string>(), "METRIC")("json", "print JSON")("csv", "print CSV");
  if (!line.parse(argc, argv, {"DIR"}, 0)) return 0;
  if (line.has("json") && line.has("csv"))
    throw UsageError("--json and --csv do not go together");
  RunListRequest request;
  if (line.words() > 0) request.folder = line.word(0);
  if (line.has("metric")) request.metric = line.get<std::string>("metric");
  if (line.has("sort")) request.sort = line.get<std::string>("sort");
  const auto list = run_list(request);
  if (list["runs"].empty()) say(request.folder + ": no runs in it");
  if (line.has("json")) {
    // Names may be any bytes.
    print(list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (line.has("csv")) {
    print(run_csv(list));
  } else if (!list["runs"].empty()) {
    print(run_table(list));
  }
  return 0;
}

}  // namespace latent
