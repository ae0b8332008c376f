// A sweep: many configs on one data set, the best of them fitted again and tested. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "src/config/read.h"

namespace latent {

struct SweepRequest {
  std::optional<ResolvedConfig> config;  ///< none: that of the sweep to go on with
  std::string where;                     ///< the config's path, for errors
  std::string directory;                 ///< the sweep's folder; empty: a new one under runs/
  bool resume = false;                   ///< go on in `directory`
  int jobs = 1;                          ///< trials at the same time
};

struct SweepReport {
  std::string directory;
  /// As sweep_json() (sweep_table.h), with "winner": {"trial", "tuned", "runs": [...],
  /// "test": {metric: {"mean", "sd"}}}.
  /// Of a section with "per" {"metric", "winners": [{"name", "directory", "trials", "trial",
  /// "value", "sd", "seeds", "tuned", "test", "runs"}, ...]}, the best on validation first.
  nlohmann::ordered_json table;
  bool wants_report = false;  ///< sweep.report
};

/// Runs a sweep, or goes on with one, to its end. The table is the same to the bit for any number
/// of jobs and after any interruption. Throws Interrupted with the command that goes on.
SweepReport run_sweep(const SweepRequest& request);

}  // namespace latent
