// The users' rows of a model's tables where several ranks train it: each has some users.
#pragma once

#include "models/recommender.h"
#include "src/base/peers.h"
#include "src/data/interactions.h"
#include "src/train/ordered_batch.h"

namespace latent {

/// A rank's own rows are right; another's are as right as the last bring() or collect() has made
/// them, or zero. Shares are of about as many training rows each, by data and world alone.
///
/// Tables have room for all rows, so that a row lies where its number says; but what nobody touches
/// takes no memory, and what other ranks' rows have taken goes back to the system now and then.
class UserRows {
 public:
  /// Keeps the tables of `model`, and a reference to `peers`.
  UserRows(const GradientModelImpl& model, const Interactions& rows, Peers& peers);

  const OwnedRows& users() const { return users_; }
  /// The samples of each rank's users: of a batch in the order of its users.
  OwnedRows samples(const OrderedBatch& batch) const;
  /// Brings the rows of a batch's users to all ranks.
  void bring(const OrderedBatch& batch);
  /// Gives the memory of other ranks' rows back where bring() and collect() have taken much of it
  /// since the last time: of the model's tables and of `more`, [U, .] each.
  void tidy(const std::vector<torch::Tensor>& more);
  /// What is in other ranks' rows is of no use any more.
  void has_strangers() { taken_ = kAll; }

  /// Brings all users' rows of `table` to the first rank.
  void collect(const torch::Tensor& table);
  /// Of the model's tables.
  void collect();

 private:
  static constexpr int64_t kMuch = int64_t{1} << 28;  // bytes
  static constexpr int64_t kAll = int64_t{1} << 62;

  std::vector<torch::Tensor> tables_;  // [U, .] each
  OwnedRows users_;
  std::vector<char> packed_;
  int64_t taken_ = kAll;  // by other ranks' rows, in whole pages; at first by initial values
};

/// Zeros in the shape of `table`, float32, which take memory where they are touched.
torch::Tensor untouched_zeros(const torch::Tensor& table);

}  // namespace latent
