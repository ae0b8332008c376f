// Which script brings the data files that the project's own configs name.
#pragma once

#include <string>

#include "src/base/error.h"

namespace latent {

/// "scripts/fetch_data.sh ml-100k brings it" for a path that holds data/ml-100k, where that script
/// puts the data set; likewise for the others that it knows. "" for any other path.
std::string how_to_get(const std::string& path);

/// "<path>: cannot open: <strerror(errno)>"; where there is no such file, how_to_get() besides.
Error cannot_open(const std::string& path);

}  // namespace latent
