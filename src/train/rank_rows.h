// The two sides of a model that several ranks train: each has some users' rows, and some items'.
#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "models/recommender.h"
#include "src/base/peers.h"
#include "src/data/interactions.h"
#include "src/train/ordered_batch.h"
#include "src/train/shared_rows.h"

namespace latent {

/// Ranges of users with about as many of `rows` for each rank.
Shares user_shares(const Interactions& rows, int64_t users, int ranks);
/// The same of items. What a batch has in one bucket of its order of items (BatchOrder) is one
/// rank's.
Shares item_shares(const Interactions& rows, int64_t items, int ranks);

/// The samples of each rank's users, of a batch in the order of its users; nothing where `users`
/// are not shared.
OwnedRows samples_of(const OrderedBatch& batch, const OwnedRows& users);
/// The places in the batch's order of items that hold each rank's; nothing where `items` are not
/// shared.
OwnedRows places_of(const OrderedBatch& batch, const OwnedRows& items);

/// Both sides of a model. Shares are of about as many training rows each, by data and world alone.
class RankRows {
 public:
  /// Keeps the tables of `model`, and a reference to `peers`. Not `items_too`: every rank has, and
  /// moves, all of the items.
  RankRows(const GradientModelImpl& model, const Interactions& rows, Peers& peers, bool items_too);

  SharedRows& users() { return users_; }
  /// Null: all of them are on every rank.
  SharedRows* items() { return items_ ? &*items_ : nullptr; }
  const OwnedRows& owned_users() const { return users_.rows(); }
  OwnedRows owned_items() const { return items_ ? items_->rows() : OwnedRows(); }
  /// Whose rows of a parameter are right where; not shared: all are.
  OwnedRows owners_of(const torch::Tensor& parameter) const;

  /// Brings the rows of a batch's users and items to all ranks.
  void bring(const OrderedBatch& batch);
  /// Brings them to those ranks that need them for PairKernels: items are shared.
  void bring_for_pairs(const OrderedBatch& batch);

 private:
  /// Rows of both sides.
  struct Rows {
    std::vector<int32_t> users, items;
  };
  /// Which rows of a side a list holds already.
  class Seen {
   public:
    explicit Seen(int64_t rows) : bits_(rows / 64 + 1) {}
    /// Appends the row to the list unless it is there.
    void add(int32_t row, std::vector<int32_t>& list);
    void forget(const std::vector<int32_t>& list);

   private:
    std::vector<uint64_t> bits_;
  };
  Rows needed_by(int rank, const OrderedBatch& batch, std::span<const int64_t> chunks,
                 const BatchOwners& owners);

  SharedRows users_;
  std::optional<SharedRows> items_;
  Seen seen_users_{0}, seen_items_{0};
};

}  // namespace latent
