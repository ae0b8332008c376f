// Did-you-mean: the nearest of the known names.
#pragma once

#include <string>
#include <vector>

namespace latent {

/// Damerau-Levenshtein distance (optimal string alignment), in characters.
int edit_distance(const std::string& a, const std::string& b);

/// "; did you mean 'x'?" for the nearest of `known`, or "" when nothing is near.
/// A knob named with the wrong section (`model.lr`) is compared by its last part as well.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& known);

}  // namespace latent
