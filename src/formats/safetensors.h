// safetensors files: a JSON header and arrays, which many libraries read without running anything.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "src/formats/model_manifest.h"

namespace latent {

/// Writes `arrays`, whole or not at all (see AtomicFile). `metadata`: the text under the name
/// "latent" of the header's __metadata__. The arrays' order in the file keeps each aligned.
void write_safetensors(const std::filesystem::path& path, std::vector<NamedArray> arrays,
                       const std::string& metadata);

}  // namespace latent
