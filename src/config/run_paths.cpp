#include "src/config/run_paths.h"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "src/base/utf8.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

/// Calls fn(knob, path) for each knob that names a relative path.
void for_each_relative_path(RunConfig& config,
                            const std::function<void(const Knob&, std::string&)>& fn) {
  for (const Knob& knob : knobs(config)) {
    if (std::ranges::count(path_knobs(), knob.name) == 0) continue;
    std::string& path = *std::get<std::string*>(knob.target);
    const bool is_word = path == "-" || (knob.name == "data.cache_dir" && path == "none");
    if (!path.empty() && !is_word && fs::path(path).is_relative()) fn(knob, path);
  }
}

}  // namespace

const std::vector<std::string>& path_knobs() {
  static const std::vector<std::string> names = {
      "data.path",      "data.valid_path",  "data.test_path",  "data.ids_path",
      "data.cache_dir", "data.titles.path", "model.init_path", "model.init_from"};
  return names;
}

std::string working_folder() {
  std::error_code gone;
  const std::string folder = fs::current_path(gone).string();
  return gone || !is_utf8(folder) ? "" : folder;
}

void start_paths_at(const std::string& folder, const std::set<std::string>& names,
                    ResolvedConfig& resolved) {
  if (folder.empty() || folder == working_folder()) return;
  for_each_relative_path(resolved.config, [&](const Knob& knob, std::string& path) {
    if (!names.contains(knob.name)) return;
    const fs::path there = (fs::path(folder) / path).lexically_normal();
    std::error_code unknown;
    if (fs::exists(there, unknown) || !fs::exists(path, unknown)) path = there.string();
  });
}

void keep_paths_of_run(const ResolvedConfig& run, const nlohmann::json& as_written,
                       ResolvedConfig& config) {
  RunConfig of_run = run.config;
  const std::vector<Knob> kept = knobs(of_run);
  for_each_relative_path(config.config, [&](const Knob& knob, std::string& path) {
    const std::string& source = config.sources.at(knob.name);
    if (source != "file" && source != "include") return;
    const auto was = std::ranges::find(kept, knob.name, &Knob::name);
    std::string pointer = "/" + knob.name;
    std::ranges::replace(pointer, '.', '/');
    const auto written = as_written.value(nlohmann::json::json_pointer(pointer), nlohmann::json());
    if (written == path) path = *std::get<std::string*>(was->target);
  });
}

}  // namespace latent
