// The users' rows of a model's tables where several ranks train it: each has some users for its own.
#pragma once

#include "models/recommender.h"
#include "src/base/peers.h"
#include "src/data/interactions.h"
#include "src/train/ordered_batch.h"

namespace latent {

/// A rank's own rows are right; another's are as right as the last bring() or collect() has made
/// them. Shares are of about as many training rows each, by data and world alone.
class UserRows {
 public:
  /// Keeps the tables of `model`, and a reference to `peers`.
  UserRows(const GradientModelImpl& model, const Interactions& rows, Peers& peers);

  const OwnedRows& users() const { return users_; }
  /// The samples of each rank's users: of a batch in the order of its users.
  OwnedRows samples(const OrderedBatch& batch) const;
  /// Brings the rows of a batch's users to all ranks.
  void bring(const OrderedBatch& batch);
  /// Brings all users' rows of `table` to the first rank.
  void collect(const torch::Tensor& table) const;
  /// Of the model's tables.
  void collect() const;

 private:
  std::vector<torch::Tensor> tables_;  // [U, .] each
  OwnedRows users_;
  std::vector<float> packed_;
};

}  // namespace latent
