// What is in a model file. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace latent {

/// Every array of the model file at `path` with its type, shape and bytes, each checked against its
/// checksums; the kind of model, its sizes, where it comes from; and whether its TorchScript is
/// "ours": the text that this version writes for such a model, "other", or "none". Throws Error for
/// what ServedModel refuses, and for any damaged array.
nlohmann::ordered_json inspect_model(const std::string& path);

}  // namespace latent
