// The method forward for servers that call no other.
#pragma once

#include <string>

#include "src/export/module_source.h"

namespace latent {

/// `source`, in which forward answers scores, with another forward; the former is then score_pairs.
std::string with_forward(std::string source, Forward forward);

}  // namespace latent
