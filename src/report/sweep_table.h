// The trials of a sweep as a table for people.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace latent {

/// What sweep_json() gives, the best trial first: the metric beside the tuned values, "-" where a
/// trial does not read a knob. At most `most` trials; the last line counts the others.
std::string sweep_table(const nlohmann::ordered_json& sweep, size_t most = 20);

/// The winners of a sweep for each value of a knob (sweep.per), the best on validation first: a
/// line each, with the tuned values behind it.
std::string winners_table(const nlohmann::ordered_json& sweep);

}  // namespace latent
