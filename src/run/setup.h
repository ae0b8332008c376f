// A config, its data and the model made for them: what training and everything after it start from.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "models/recommender.h"
#include "src/config/options.h"
#include "src/data/split.h"
#include "src/train/module_view.h"

namespace latent {

struct Setup {
  enum class Tables { kInitial, kAnything };  ///< anything: where saved ones take their place

  explicit Setup(const RunConfig& config, Tables tables = Tables::kInitial);
  Setup(const RunConfig& config, SplitDataset data, Tables tables = Tables::kInitial);

  /// A fresh model; what it takes from ratings (their mean and range) is taken from `rows`.
  void new_model(const Interactions& rows, Tables tables = Tables::kInitial);
  ModuleView view() const;
  /// What svd without biases says of a user or an item without training ratings: their mean, as
  /// Surprise does. None for other models, whose other terms speak for them.
  std::optional<double> default_prediction() const;
  nlohmann::ordered_json provenance() const;

  RunConfig config;
  torch::Device device;
  SplitDataset data;
  Recommender model;

 private:
  double mean_ = 0;  // of the rows that the model was made for
};

/// The training part, and further parts where they are asked for; no copy is made where they are
/// not.
class FittedRows {
 public:
  FittedRows(const SplitDataset& data, bool with_valid, bool with_test);
  const Interactions& get() const { return joined_ ? rows_ : train_; }

 private:
  const Interactions& train_;
  bool joined_;
  Interactions rows_;
};

/// Whether the model's task is to rank items.
bool ranks(const RunConfig& config);

/// Sets the number of LibTorch's threads that train.threads asks for.
void use_threads(const RunConfig& config);

/// CRC-32 of all ids in their order, which gives the rows of the tables their meaning.
uint32_t ids_checksum(const SplitDataset& data);

/// Eight hexadecimal digits.
std::string hex(uint32_t value);

}  // namespace latent
