// One knob of a sweep and the values that it takes.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "src/base/rng.h"

namespace latent {

/// A knob under "sweep.over", checked.
struct SweepAxis {
  enum class Kind { kList, kLog, kLinear, kPowersOf2 };

  std::string knob;  ///< "train.lr"
  Kind kind = Kind::kList;
  std::vector<nlohmann::json> values;  ///< kList: as given; kPowersOf2: those within the range
  double low = 0, high = 0;            ///< kLog, kLinear, kPowersOf2: both ends belong to it
  int64_t points = 0;                  ///< kLog, kLinear: of a grid; 0: not given
  bool whole = false;                  ///< the knob is a whole number
};

/// Reads a list of values, or {"log": [a, b]}, {"linear": [a, b]} (both with "points", if given) or
/// {"pow2": [a, b]}. Throws Error with what is wrong: a knob that is none or that makes trials
/// incomparable, an empty range, a value that the knob does not take.
SweepAxis read_axis(const std::string& knob, const nlohmann::json& values);

/// The values of a grid, in their order, each once.
std::vector<nlohmann::json> grid_values(const SweepAxis& axis);

/// A value drawn evenly from a list, or over a range (kLog: evenly in the logarithm), with four
/// significant digits.
nlohmann::json drawn_value(const SweepAxis& axis, RandomStream stream);

}  // namespace latent
