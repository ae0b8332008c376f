// The runs of a folder, as a table has them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/run/run_directory.h"

namespace latent {

struct RunListRequest {
  std::string folder = "runs";  ///< of the runs; a run itself is listed alone
  std::string metric = {};      ///< of the test part; empty: the main metric of each run's model
  std::string sort = {};        ///< a metric by which to sort, best first; empty: by name
};

/// {"knobs": names, "metrics": names, "runs": [...]}: the knobs whose values differ among the runs
/// that read them, and for each run "name", "model", "knobs" (those that it reads), "metrics"
/// (null: not there), "when" (UTC, ISO 8601: the last change of its figures or its log), "finished"
/// and, where it is not, "step". A run that cannot be read has "name", "when" and "error" alone.
/// Throws Error for a folder that is not there and a metric that no run has.
nlohmann::ordered_json run_list(const RunListRequest& request);

/// "2026-11-26T15:41:00Z": when the newest of the files of a run that change while it trains was
/// written.
std::string last_change(const RunDirectory& run);

}  // namespace latent
