// Ids between Python's str and bytes of a model: text in UTF-8, other bytes as surrogateescape has
// them.
#pragma once

#include <nanobind/nanobind.h>

#include <string>
#include <string_view>
#include <vector>

namespace latent {

/// Throws Python's TypeError for what is no str.
std::string id_of(nanobind::handle text);
std::vector<std::string> ids_of(nanobind::handle sequence);

nanobind::str text_of(std::string_view id);

}  // namespace latent
