// The config as text: the resolved file, the table with sources, the reference.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/config/read.h"

namespace latent {

/// Every knob with its value, nested by section: reads back to the same config.
nlohmann::ordered_json config_to_json(const RunConfig& config);

/// A line for each knob: name, value, source, and the file and line that it comes from, if any.
std::string config_table(const ResolvedConfig& resolved);

/// configs/REFERENCE.md.
std::string config_reference();

}  // namespace latent
