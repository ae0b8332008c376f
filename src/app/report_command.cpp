// report.
#include <filesystem>

#include "src/app/commands.h"
#include "src/base/file.h"
#include "src/run/report.h"

namespace latent {

void write_report(const std::vector<std::string>& runs_and_sweeps, const std::string& path) {
  // A folder that is missing is told before anything is computed.
  AtomicFile file(path);
  file.write(html_page(report_page({runs_and_sweeps})));
  file.commit();
  say_wrote(path);
}

int run_report(int argc, char** argv) {
  CommandLine line("report RUN|SWEEP... [options]",
                   "Writes what runs came to as one HTML file that needs no network: learning "
                   "curves, metrics, errors and hits by popularity, maps and neighbours of items, "
                   "configs and provenance; of a sweep its metric over each knob.",
                   "latent report runs/quickstart -o report.html");
  line.add_output("the report (default: report.html in the first folder)");
  if (!line.parse(argc, argv, {"RUN|SWEEP..."}, 1)) return 0;
  ReportRequest request;
  for (size_t n = 0; n < line.words(); ++n) request.runs_and_sweeps.push_back(line.word(n));
  const std::string path = line.has("output")
                               ? line.get<std::string>("output")
                               : (std::filesystem::path(line.word(0)) / "report.html").string();
  write_report(request.runs_and_sweeps, path);
  return 0;
}

}  // namespace latent
