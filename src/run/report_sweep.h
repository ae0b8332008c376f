// What `latent report` knows of a sweep.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/config/sweep_spec.h"

namespace latent {

struct ReportedSweep {
  std::string path;
  SweepSpec spec;
  bool higher_is_better = false;
  nlohmann::ordered_json table;   ///< as sweep_json() (sweep_table.h)
  std::vector<std::string> runs;  ///< the winner's, finished or not; none before there is a winner
};

/// Whether `path` is the folder of a sweep.
bool is_sweep_folder(const std::string& path);

/// Reads the standing of a sweep, finished or not; it may be running. Throws Error where its files
/// are damaged.
ReportedSweep read_reported_sweep(const std::string& path);

}  // namespace latent
