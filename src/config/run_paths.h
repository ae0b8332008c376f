// The paths of a run's own config, wherever the command that reads it is started.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "src/config/read.h"

namespace latent {

/// Knobs that name a file or a folder.
const std::vector<std::string>& path_knobs();

/// The working folder, from which relative paths start, as "provenance" keeps it; "" where it is
/// gone or its name cannot stand in JSON.
std::string working_folder();

/// Makes the relative paths of the knobs `names`, which a run's config.json gives, start at
/// `folder`, the working folder when it was written. Where nothing is there but here there is, as
/// after the folder was moved, they start here, as those of --set do. An empty `folder` changes
/// nothing.
void start_paths_at(const std::string& folder, const std::set<std::string>& names,
                    ResolvedConfig& resolved);

/// Where `config` names a file in the very words of the run's config.json (`as_written`) it gets
/// the run's path: a config means the same files from any folder.
void keep_paths_of_run(const ResolvedConfig& run, const nlohmann::json& as_written,
                       ResolvedConfig& config);

}  // namespace latent
