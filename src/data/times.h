// Times of rows; see src/base/times.h for what is one.
#pragma once

#include <string>
#include <string_view>

#include "src/base/times.h"

namespace latent {

/// time_of(text); throws RowError naming `field` where that gives nothing.
double parse_time(std::string_view text, const std::string& field);

}  // namespace latent
