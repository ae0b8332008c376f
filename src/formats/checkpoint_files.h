// The names of checkpoints in their folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace latent {

/// folder/step-000000000040.ckpt
std::filesystem::path checkpoint_file(const std::filesystem::path& folder, int64_t step);
/// Those in the folder, oldest first, whole or not; none where it is not there.
std::vector<std::filesystem::path> checkpoint_files(const std::filesystem::path& folder);
/// The step of the newest by its name; 0: there is none.
int64_t newest_checkpoint_step(const std::filesystem::path& folder);

}  // namespace latent
