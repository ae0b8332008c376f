// per_user.npz: the figures of each user of a run's test part (docs/formats.md). Free of torch.
#pragma once

#include <string>

#include "src/metrics/per_user.h"

namespace latent {

/// Throws Error when the file cannot be written.
void write_per_user(const std::string& path, const PerUserFigures& figures);

/// Throws Error for a file that is missing, damaged or no such file.
PerUserFigures read_per_user(const std::string& path);

}  // namespace latent
