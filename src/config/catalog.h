// The only list of models: what each is, how it is trained, which knobs it reads. Free of torch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "src/config/options.h"

namespace latent {

enum class Task { kRating, kRanking };

/// What trains a model: autograd and an optimizer, a solver that passes over the rows, or nothing:
/// its mean is known, or all of it is computed from the rows at once.
enum class Trained { kByGradient, kBySolver, kNot, kAtOnce };

/// Negatives that are sampled for each positive.
enum class Negatives { kNone, kOne, kMany };

/// A question to a config; null: always yes.
using ConfigTest = bool (*)(const RunConfig&);

/// A knob, or a section of knobs by its prefix ("ials."), that is read where `when` holds.
struct ReadKnob {
  std::string name;
  ConfigTest when = nullptr;
  std::string condition = {};  ///< `when` in words that follow "where": "ials.form is ials"
};

struct ModelInfo {
  std::string name;
  std::string meaning;
  Task task;
  Trained trained;
  Negatives negatives;
  bool has_factors;
  bool clips;  ///< predictions stay in the range of the ratings though data.rating_scale is not set
  /// Whether its tables are doubles, so that a resumed run goes on exactly.
  ConfigTest in_double;
  /// What it reads beside the knobs that every model does (readers.h). A knob's own row goes before
  /// that of its section.
  std::vector<ReadKnob> reads;
  /// Knobs whose default differs from options.h for this model.
  std::vector<std::pair<std::string, nlohmann::json>> defaults;
  /// Defaults beside those where neither a length nor the lack of a validation part is given: as
  /// many passes as that part says, then again on it, too (see Resolver in read.cpp).
  std::vector<std::pair<std::string, nlohmann::json>> stopping = {};
  /// Scores by similarities to a user's own items: evaluated and compared, never exported.
  bool item_item = false;
};

const std::vector<ModelInfo>& model_catalog();

/// The row of `name`; `name` is one that the knob model.name accepts.
const ModelInfo& model_info(const std::string& name);

/// Whether its training is steps that a checkpoint can follow.
bool has_steps(const ModelInfo& info);

/// Whether its factors are to be kept as numbers of 16 bits.
bool in_bfloat16(const RunConfig& config);

/// Trained by gradient on positives against sampled negatives.
bool is_pairwise(const ModelInfo& info);

}  // namespace latent
