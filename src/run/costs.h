// What a model costs: memory, parameters, the time of a list.
#pragma once

#include <nlohmann/json.hpp>

#include "models/recommender.h"

namespace latent {

/// From here on counts the process's peak memory anew, where the system can.
void reset_peak_memory();

/// "peak_memory_bytes": the most memory that the process has held; "parameters": values of the
/// model's tables; "list_milliseconds": the median over some users of the time of one list of the
/// ten best of all items, on one thread. Figures that cannot be told are left out.
nlohmann::ordered_json costs_of(const RecommenderImpl& model);

}  // namespace latent
