// A user of whom the file has no row, from what they have: the model's own objective for one
// vector, the items as they are.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "src/serve/model_parts.h"

namespace latent {

/// An item of a history, by index, and its rating; NaN: none is known.
struct HistoryItem {
  int32_t item;
  double rating;
};

/// A row of the users' tables that no file holds.
struct FoldedVector {
  float bias = 0;              ///< 0 where the model has no such table
  std::vector<float> factors;  ///< [K]
};

/// One objective (FoldInSpec::Objective). Histories are of trained items, ascending, at least one.
class FoldObjective {
 public:
  virtual ~FoldObjective() = default;
  virtual FoldedVector fold(std::span<const HistoryItem> history) const = 0;
  /// What each item of the history adds to the score of `item`. fold()'s score is their sum, and
  /// what mean, biases, priors and other items add.
  virtual std::vector<double> parts(std::span<const HistoryItem> history, int32_t item) const = 0;
};

/// Keeps a reference to `parts`, whose fold_in says which; throws Error where it says none.
std::unique_ptr<FoldObjective> make_fold_objective(const ModelParts& parts);

std::unique_ptr<FoldObjective> make_fold_least_squares(const ModelParts& parts);
std::unique_ptr<FoldObjective> make_fold_draws(const ModelParts& parts);
std::unique_ptr<FoldObjective> make_fold_sum(const ModelParts& parts);
std::unique_ptr<FoldObjective> make_fold_loss(const ModelParts& parts);

/// The history as objectives take it: trained items alone, ascending; of an item that stands there
/// twice the last row. Throws Error where nothing is left.
std::vector<HistoryItem> usable_history(const ModelParts& parts,
                                        std::span<const HistoryItem> history);

}  // namespace latent
