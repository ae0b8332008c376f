// What a data file holds, for `latent data info`.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "src/config/options.h"

namespace latent {

/// Format, columns, counts, density, rating histogram, repeated pairs, the most active users and
/// most popular items.
nlohmann::ordered_json data_info(const DataOptions& options);

/// The same for people, ending with the data.* lines to paste into a config.
std::string data_info_text(const nlohmann::ordered_json& info);

}  // namespace latent
