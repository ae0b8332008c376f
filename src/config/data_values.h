// Values of the data.* knobs that are lists, objects or separators.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

namespace latent {

/// `v` as a list of numbers (null: none), or nothing where it is something else.
std::optional<nlohmann::json> list_of_numbers(const nlohmann::json& v);
/// Likewise of strings; a string is a list of one.
std::optional<nlohmann::json> list_of_strings(const nlohmann::json& v);
/// Likewise as an object of text to number.
std::optional<nlohmann::json> text_to_number(const nlohmann::json& v);

/// Text that can stand between two columns: no quote, no line end.
bool is_separator(const nlohmann::json& v);
/// Strings of the form column=value.
bool are_conditions(const nlohmann::json& v);

}  // namespace latent
