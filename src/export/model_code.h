// The TorchScript that this version writes, for comparison with a file's.
#pragma once

#include <string>

#include "src/export/module_source.h"

namespace latent {

/// The member code/__torch__.py of a model with those parts, as LibTorch writes it. `listed`: the
/// model is small enough to have its ids as lists too.
std::string model_code(const ModuleParts& parts, bool listed);

}  // namespace latent
