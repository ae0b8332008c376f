// The runs of a folder as a table: for the terminal, and as CSV.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace latent {

/// The result of run_list(): a line for each run under a line of names; "" without runs.
std::string run_table(const nlohmann::ordered_json& list);

/// The same as CSV, with figures in full and the columns "finished", "step" and "error".
std::string run_csv(const nlohmann::ordered_json& list);

}  // namespace latent
