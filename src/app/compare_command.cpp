// compare: settings by the runs of their seeds.
#include "src/app/commands.h"
#include "src/base/error.h"
#include "src/base/log.h"
#include "src/report/compare_table.h"
#include "src/run/compare.h"

namespace latent {

int run_compare(int argc, char** argv) {
  CommandLine line(
      "compare RUN|SWEEP... [options]",
      "Compares runs on their test part and tells gain from luck. Runs that differ in train.seed "
      "alone are one row; others are compared with the best of each metric: difference with a 95 % "
      "interval over users and seeds, p of Wilcoxon's test adjusted by Holm, effect size. * marks "
      "a best that is told apart from every other one. A sweep stands for its winner.",
      "latent compare runs/svd-1 runs/svd-2 runs/baseline --metric rmse");
  line.add()("metric", "a metric of the test part, any number of times (default: the main ones)",
             cxxopts::value<std::vector<std::string>>(), "METRIC")(
      "base", "the run to compare with, in place of the best", cxxopts::value<std::string>(),
      "RUN")("json", "print JSON")("csv", "print CSV")("latex", "print a LaTeX tabular");
  if (!line.parse(argc, argv, {"RUN|SWEEP..."}, 1)) return 0;
  if (line.has("json") + line.has("csv") + line.has("latex") > 1)
    throw UsageError("--json, --csv and --latex do not go together");
  CompareRequest request;
  for (size_t n = 0; n < line.words(); ++n) request.runs.push_back(line.word(n));
  if (line.has("metric")) request.metrics = line.get<std::vector<std::string>>("metric");
  if (line.has("base")) request.base = line.get<std::string>("base");
  const Comparison comparison = compare_runs(request);
  for (const std::string& note : comparison.notes) say(note);
  const auto table = comparison_json(comparison);
  if (line.has("json")) {
    // Names may be any bytes.
    print(table.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (line.has("csv")) {
    print(compare_csv(table));
  } else if (line.has("latex")) {
    print(compare_latex(table));
  } else {
    print(compare_table(table));
  }
  return 0;
}

}  // namespace latent
