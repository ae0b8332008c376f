// ${NAME} and ${NAME:-default} in the strings of a config: variables of the environment.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/config/knobs.h"

namespace latent {

struct ExpandedText {
  std::string text;
  bool has_variables = false;  ///< whether anything was put in; an escape alone is not
};

/// `text` with ${NAME} replaced by the variable NAME of the environment, and ${NAME:-default} by
/// `default` (up to the next brace) where NAME is unset or empty. "$${" stands for "${" itself; a
/// dollar sign before anything else is one. Throws Error, without a place, for a variable that is
/// unset and has no default: "uses ${NAME}, which is not set; ...", and for what is no variable.
ExpandedText expand_variables(const std::string& text);

/// The same in all strings of a value of `knob` (null: no knob). What a variable gave to a knob
/// that takes no text is parsed as --set does: "${LR}" may be a number.
nlohmann::json expand_variables(const Knob* knob, const nlohmann::json& value);

/// The text that expand_variables() turns into `text`.
std::string escape_variables(const std::string& text);

}  // namespace latent
