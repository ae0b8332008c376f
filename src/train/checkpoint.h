// Checkpoints: one file each, versioned, checksummed, whole or absent; the last two are kept.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace latent {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// Copies the tensor called `name` into `to`; Error when there is none, its shape is another, or
/// one of the two is in bfloat16 and the other is not.
void copy_named(const NamedTensors& from, const std::string& name, torch::Tensor to);

struct Checkpoint {
  nlohmann::json state;  ///< step, seconds, early stopping
  NamedTensors tensors;
};

/// A file of sections (formats/sections.h): its header holds the state and the tensors' names,
/// shapes and types, its arrays are their float32, float64 or bfloat16 values.
void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Which tensors are to be loaded, by the checkpoint's state and a tensor's name; empty: all.
using Wanted = std::function<bool(const nlohmann::json& state, const std::string& name)>;

/// Throws Error for a file that is not ours, of another version, cut short or damaged: the checksum
/// is over the tensors that are not wanted, too.
Checkpoint load_checkpoint(const std::filesystem::path& path, const Wanted& wanted = {});

/// The folder checkpoints/ of a run. One process owns it, the one that trains: it alone saves and
/// removes. Any number of others may read beside it.
class CheckpointFolder {
 public:
  explicit CheckpointFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Writes step-<step>.ckpt, then removes all but the newest two.
  void save(int64_t step, const Checkpoint& checkpoint) const;
  /// Removes what a killed owner left half-written. For the owner only: the file that another
  /// process is writing looks the same.
  void remove_half_written() const;
  /// The newest one that is whole; says so when it has to fall back. Nothing when there is none.
  /// Changes nothing in the folder.
  std::optional<Checkpoint> newest(const Wanted& wanted = {}) const;
  /// The step of the newest file by its name, whole or not; 0: there is none.
  int64_t newest_step() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace latent
