// Reading a config: knob default < the model's own defaults < file < --set.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/config/knobs.h"

namespace latent {

/// Defaults that models bring, as rows of models/catalog.h.
using ModelDefaults = std::vector<std::pair<std::string, nlohmann::json>>;
using ModelDefaultsOf = std::function<ModelDefaults(const std::string& model)>;

struct ResolvedConfig {
  RunConfig config;
  std::map<std::string, std::string> sources;  ///< knob -> "default", "model", "file" or "--set"
};

/// Reads the JSON text (comments allowed) named `where` in errors, then applies `sets`
/// ("key=value"). Throws Error for anything unknown, mistyped or out of range.
ResolvedConfig resolve_config(const std::string& text, const std::string& where,
                              const std::vector<std::string>& sets,
                              const ModelDefaultsOf& defaults_of);

/// The same for a file; an empty path stands for an empty config.
ResolvedConfig read_config(const std::string& path, const std::vector<std::string>& sets,
                           const ModelDefaultsOf& defaults_of);

}  // namespace latent
