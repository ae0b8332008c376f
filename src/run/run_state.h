// What the files of a run say about it. Free of torch, as is the program's part that only reads.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "src/run/run_directory.h"

namespace latent {

/// "provenance" of the run's config.json.
nlohmann::json saved_provenance(const RunDirectory& run);

/// The step that a run which is not finished has reached, 0 without a checkpoint; nothing for a
/// finished one.
std::optional<int64_t> unfinished_step(const RunDirectory& run);

/// Says on stderr that the run was interrupted (or is being trained), where it was: what it holds
/// is not its end.
void tell_if_unfinished(const RunDirectory& run);

}  // namespace latent
