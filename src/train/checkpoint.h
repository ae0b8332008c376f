// Checkpoints: one file each, versioned, checksummed, whole or absent; the last two are kept.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace latent {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Copies the tensor called `name` into `to`; Error when there is none or its shape is another.
void copy_named(const NamedTensors& from, const std::string& name, torch::Tensor to);

struct Checkpoint {
  nlohmann::json state;  ///< step, seconds, early stopping
  NamedTensors tensors;
};

/// Magic and version, header (JSON: state, names, shapes, types), float32 or float64 data, CRC-32 over all before it.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws Error for a file that is not ours, of another version, cut short or damaged.
Checkpoint load_checkpoint(const std::filesystem::path& path);

/// The folder checkpoints/ of a run.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Writes step-<step>.ckpt, then removes all but the newest two.
  void save(int64_t step, const Checkpoint& checkpoint) const;
  /// The newest one that is whole; says so when it has to fall back. Nothing when there is none.
  std::optional<Checkpoint> newest() const;

 private:
  std::vector<std::filesystem::path> files() const;  // oldest first
  std::filesystem::path folder_;
};

}  // namespace latent
