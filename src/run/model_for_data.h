// The model that a config asks for, made for the users, items and ratings of its data.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/data/split.h"

namespace latent {

/// A model for all users and items of `data`; what it takes from ratings (their mean and range) is
/// taken from `rows`. Not `filled`: its tables are undefined, for saved ones to take their place.
Recommender make_model_for(const RunConfig& config, const SplitDataset& data,
                           const Interactions& rows, bool filled = true);

/// Whether the model's task is to rank items.
bool ranks(const RunConfig& config);

/// Where config.model.name is trained; Error where that device is not there.
torch::Device device_of(const RunConfig& config);

/// Sets the threads of our own work that train.threads asks for, and LibTorch's to one: what is
/// left to LibTorch is small, and its threads would spin between two calls.
void use_threads(const RunConfig& config);

/// Program, data, ids, seed, device, folder: what config.json says of where a run came from.
/// `leaked`: a warm start has seen rows of the test part.
nlohmann::ordered_json provenance_of(const RunConfig& config, const SplitDataset& data,
                                     bool leaked);

/// CRC-32 of all ids in their order, which gives the rows of the tables their meaning.
uint32_t ids_checksum(const SplitDataset& data);

/// Eight hexadecimal digits.
std::string hex(uint32_t value);

std::string torch_version();

/// The training part, and further parts where they are asked for; no copy is made where they are
/// not.
class FittedRows {
 public:
  /// Keeps a reference.
  FittedRows(const SplitDataset& data, bool with_valid, bool with_test);
  const Interactions& get() const { return joined_ ? rows_ : train_; }

 private:
  const Interactions& train_;
  bool joined_;
  Interactions rows_;
};

}  // namespace latent
