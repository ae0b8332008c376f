// The "sweep" section of a config, and the trials that it asks for.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/config/read.h"
#include "src/config/sweep_axis.h"

namespace latent {

/// The section, checked.
struct SweepSpec {
  std::vector<SweepAxis> over;     ///< in the order of the file
  std::string search = "halving";  ///< "grid", "random" or "halving"
  int64_t trials = 30;             ///< of random and halving, the config itself among them
  int64_t seeds = 1;               ///< fits of each finalist and of the winner
  std::string metric;              ///< of the validation part; resolved, never "auto"
  int64_t seed = 0;                ///< of the drawn values
};

/// One config of a sweep.
struct SweepTrial {
  /// The tuned knobs that its model reads, by name; those that it does not read are left out.
  nlohmann::ordered_json tuned;
  RunConfig config;
};

/// All that a sweep does, as a function of its config alone.
struct SweepPlan {
  nlohmann::ordered_json given;    ///< what the config says beside the section: knob -> value
  nlohmann::ordered_json section;  ///< the section as written
  SweepSpec spec;
  /// Each once. The first is the config as it stands; those drawn follow in the order of drawing,
  /// those of a grid with the last knob running fastest.
  std::vector<SweepTrial> trials;
};

/// The knobs that `resolved` was given, by the file or by --set: what a sweep starts from.
nlohmann::ordered_json given_knobs(const ResolvedConfig& resolved);

/// Throws Error with what is wrong with the section or with the config under it, a line each; names
/// the config `where`. `given` and `section` as in SweepPlan.
SweepPlan plan_sweep(const nlohmann::ordered_json& given, const nlohmann::ordered_json& section,
                     const std::string& where);

}  // namespace latent
