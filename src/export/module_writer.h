// A TorchScript module as a file.
#pragma once

#include <torch/script.h>

#include <string>
#include <vector>

#include "src/formats/model_manifest.h"

namespace latent {

/// The module's tensors in the order of its attributes, in which the file numbers their storages.
std::vector<NamedArray> arrays_of(const torch::jit::Module& module);

/// Streams the module to `path`, whole or not at all: its tables go to the file from where they
/// lie. `metadata`: the extra file latent.json.
void write_module(const torch::jit::Module& module, const std::string& path,
                  const std::string& metadata);

}  // namespace latent
