// Two configs compared, knob by knob.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/config/options.h"

namespace latent {

struct KnobDifference {
  std::string knob;
  nlohmann::json a, b;  ///< its value in each
};

/// The knobs whose resolved values differ, in the order of help.
std::vector<KnobDifference> config_diff(const RunConfig& a, const RunConfig& b);

/// A line for each: name, value in a, value in b.
std::string diff_table(const std::vector<KnobDifference>& differences);

}  // namespace latent
