// A sweep for each value of one knob: "sweep.per".
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/config/sweep_spec.h"

namespace latent {

/// The sweep of one value, whole in itself: what plan_sweep() takes.
struct SweepGroup {
  std::string name;  ///< the value as text, which names its folder
  nlohmann::ordered_json given, section;
};

/// Whether the section asks for several sweeps.
bool has_groups(const nlohmann::ordered_json& section);

/// The sweeps that `section` asks for by "per", in the order of that knob's values. Each starts
/// from `given` with its value, and has those of the knobs that the model it comes to reads.
/// Throws Error with what is wrong: no list of values for that knob, a knob that no group reads, a
/// metric that means another one in each.
std::vector<SweepGroup> sweep_groups(const nlohmann::ordered_json& given,
                                     const nlohmann::ordered_json& section,
                                     const std::string& where);

/// Throws Error where a sweep of them could not begin.
void check_sweep(const nlohmann::ordered_json& given, const nlohmann::ordered_json& section,
                 const std::string& where);

}  // namespace latent
