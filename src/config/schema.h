// A JSON Schema of configs, for editors that complete and check.
#pragma once

#include <nlohmann/json.hpp>

namespace latent {

/// A JSON Schema (2020-12), made of the rows of knobs: names, types, ranges, defaults and meanings.
/// It accepts what reading accepts, but for what lies between several keys or in a text's meaning;
/// and a section "sweep" of any content.
nlohmann::ordered_json config_schema();

}  // namespace latent
