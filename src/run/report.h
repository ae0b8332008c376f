// `latent report`: runs and sweeps as one page.
#pragma once

#include <string>
#include <vector>

#include "src/report/html_page.h"

namespace latent {

struct ReportRequest {
  std::vector<std::string> runs_and_sweeps;  ///< folders; a sweep stands for its winner's runs
};

/// Reads all of them, evaluates the models on their test parts and lays out the page: the same for
/// the same runs. What cannot be shown is left out with a sentence that says why. Throws Error for
/// a folder that holds neither a run nor a sweep, and for damaged files.
Page report_page(const ReportRequest& request);

}  // namespace latent
