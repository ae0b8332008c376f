// Compared settings as tables: for the terminal, as CSV and for a paper.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace latent {

/// What comparison_json() gives: a table for each metric, in which * marks the winner, and one of
/// what the settings cost and how their knobs differ.
std::string compare_table(const nlohmann::ordered_json& comparison);

/// A line for each setting and metric, figures in full.
std::string compare_csv(const nlohmann::ordered_json& comparison);

/// A LaTeX tabular with a row for each setting and a column for each metric: the winner in bold, a
/// dagger where a setting is told apart from the reference.
std::string compare_latex(const nlohmann::ordered_json& comparison);

}  // namespace latent
