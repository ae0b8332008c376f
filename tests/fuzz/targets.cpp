// The table of targets, and what holds for all of them.
#include "tests/fuzz/targets.h"

#include <algorithm>

#include "src/base/error.h"

namespace latent::fuzz {

namespace {

constexpr Target kTargets[] = {
    {"json_lines", "json_lines", read_json_lines},
    {"python_dicts", "python_dicts", read_python_dicts},
    {"delimited", "delimited", read_delimited},
    {"adjacency", "adjacency", read_adjacency},
    {"matrix_market", "matrix_market", read_matrix_market},
    {"netflix", "netflix", read_netflix},
    {"gz", "gz", read_gz},
    {"titles", "titles", read_titles},
    {"ids", "ids", read_ids},
    {"config", "config", read_any_config},
    {"cache", "cache", read_cache, sections_with_checksums},
    {"checkpoint", "checkpoint", read_checkpoint, sections_with_checksums},
    {"npz", "npz", read_npz, zip_with_checksums},
    {"safetensors", "safetensors", read_model, model_with_checksums},
    {"model_pt", "model_pt", read_model, model_with_checksums},
    {"model_in_use", "model_pt", read_model_lazily, model_with_checksums},
    {"pickle", "pickle", read_pickle},
    {"http", "http", read_requests},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

const Target* find_target(std::string_view name) {
  const auto* const at =
      std::ranges::find_if(kTargets, [&](const Target& t) { return t.name == name; });
  return at == std::end(kTargets) ? nullptr : at;
}

std::optional<std::string> outcome(const Target& target, std::string_view bytes) {
  try {
    return target.read(bytes);
  } catch (const Error& e) {
    const std::string_view said = e.what();
    if (said.empty()) throw Finding("a refusal that says nothing");
    return std::nullopt;
  } catch (const UsageError&) {  // of --set
    return std::nullopt;
  }
}

void try_both(const Target& target, std::string_view bytes) {
  (void)outcome(target, bytes);
  if (target.with_checksums != nullptr) (void)outcome(target, target.with_checksums(bytes));
}

}  // namespace latent::fuzz
