#include "src/train/rank_rows.h"

#include <algorithm>

#include "src/kernels/pair_kernels.h"
#include "src/sampling/batch_order.h"
#include "src/train/tensor_data.h"

namespace latent {

using torch::Tensor;

namespace {

std::span<const int32_t> numbers_of(const Tensor& values) {
  if (!values.defined()) return {};
  return {values.const_data_ptr<int32_t>(), static_cast<size_t>(values.numel())};
}

}  // namespace

Shares user_shares(const Interactions& rows, int64_t users, int ranks) {
  std::vector<int64_t> weights(users, 1);
  for (const int32_t u : rows.user) ++weights[u];
  return weighted_shares(weights, ranks);
}

Shares item_shares(const Interactions& rows, int64_t items, int ranks) {
  const int shift = BatchOrder::most_shift(items);
  std::vector<int64_t> weights(((items - 1) >> shift) + 1);
  for (int64_t i = 0; i < items; ++i) ++weights[i >> shift];
  for (const int32_t i : rows.item) ++weights[i >> shift];
  Shares out = scaled(weighted_shares(weights, ranks), int64_t{1} << shift);
  for (int64_t& n : out) n = std::min(n, items);
  return out;
}

OwnedRows samples_of(const OrderedBatch& batch, const OwnedRows& users) {
  if (!users.shared()) return {};
  const auto* const ids = data_of<int32_t>(batch.users);
  OwnedRows out{users.peers, {}};
  for (const int64_t user : users.shares)
    out.shares.push_back(std::lower_bound(ids, ids + batch.users.numel(), user) - ids);
  return out;
}

OwnedRows places_of(const OrderedBatch& batch, const OwnedRows& items) {
  if (!items.shared()) return {};
  const auto* const ids = data_of<int32_t>(batch.sorted_items);
  const auto* const end = ids + batch.sorted_items.numel();
  OwnedRows out{items.peers, {}};
  for (const int64_t first : items.shares)  // where a bucket begins, so that those before are lower
    out.shares.push_back(std::partition_point(ids, end, [&](int64_t i) { return i < first; }) -
                         ids);
  return out;
}

RankRows::RankRows(const GradientModelImpl& model, const Interactions& rows, Peers& peers,
                   bool items_too)
    : users_({model.tables().beta_user, model.tables().gamma_user},
             {&peers, user_shares(rows, model.spec().users, peers.size())}) {
  if (!items_too) return;
  items_.emplace(std::vector{model.tables().beta_item, model.tables().gamma_item},
                 OwnedRows{&peers, item_shares(rows, model.spec().items, peers.size())});
  seen_users_ = Seen(model.spec().users);
  seen_items_ = Seen(model.spec().items);
}

OwnedRows RankRows::owners_of(const Tensor& parameter) const {
  if (users_.has(parameter)) return users_.rows();
  return items_ && items_->has(parameter) ? items_->rows() : OwnedRows();
}

void RankRows::Seen::add(int32_t row, std::vector<int32_t>& list) {
  const uint64_t bit = uint64_t{1} << (row % 64);
  uint64_t& bits = bits_[row / 64];
  if ((bits & bit) == 0) list.push_back(row);
  bits |= bit;
}

void RankRows::Seen::forget(const std::vector<int32_t>& list) {
  for (const int32_t row : list) bits_[row / 64] = 0;
}

void RankRows::bring(const OrderedBatch& batch) {
  const auto* const ids = data_of<int32_t>(batch.users);
  std::vector<int32_t> users(ids, ids + batch.users.numel());
  users.erase(std::unique(users.begin(), users.end()), users.end());
  std::vector<SharedArray> arrays = {users_.pack(std::move(users))};
  if (items_) {
    std::vector<int32_t> items;  // in the order of buckets
    for (const int32_t i : numbers_of(batch.sorted_items)) seen_items_.add(i, items);
    seen_items_.forget(items);
    arrays.push_back(items_->pack(std::move(items)));
  }
  users_.rows().peers->gather(arrays);
  users_.unpack();
  if (items_) items_->unpack();
}

/// A rank reads both sides' rows for the losses that it takes, and for its own items' derivatives
/// those of the users whom it finds them with.
RankRows::Rows RankRows::needed_by(int rank, const OrderedBatch& batch,
                                   std::span<const int64_t> chunks, const BatchOwners& owners) {
  Rows out;
  const auto users = numbers_of(batch.users), items = numbers_of(batch.items);
  const auto negatives = numbers_of(batch.negatives);
  const Piece losses = chunks_with(chunks, owners.samples, rank);
  for (int64_t n = chunks[losses.begin]; n < chunks[losses.end]; ++n) {
    seen_users_.add(users[n], out.users);
    seen_items_.add(items[n], out.items);
    if (!negatives.empty()) seen_items_.add(negatives[n], out.items);
  }
  const auto size = std::ssize(users);
  const auto order = numbers_of(batch.item_order);
  const Piece places = piece_of(owners.places.shares, rank);
  for (int64_t n = places.begin; n < places.end; ++n)
    seen_users_.add(users[order[n] % size], out.users);
  seen_users_.forget(out.users);
  seen_items_.forget(out.items);
  return out;
}

void RankRows::bring_for_pairs(const OrderedBatch& batch) {
  Peers& peers = *users_.rows().peers;
  const BatchOwners owners{samples_of(batch, owned_users()), places_of(batch, owned_items())};
  const std::vector<int64_t> chunks =
      key_chunks(data_of<int32_t>(batch.users), batch.users.numel(), 0);
  std::vector<Rows> from(peers.size());
  std::vector<std::vector<char>> out(peers.size()), in(peers.size());
  for (int r = 0; r < peers.size(); ++r) {
    Rows needed = needed_by(r, batch, chunks, owners);
    if (r == peers.rank()) {
      for (const int32_t u : needed.users) from[users_.owner_of(u)].users.push_back(u);
      for (const int32_t i : needed.items) from[items_->owner_of(i)].items.push_back(i);
      from[r] = {};
    } else {
      const auto not_own = [&](const SharedRows& rows) {
        return [&rows, rank = peers.rank()](int32_t row) { return rows.owner_of(row) != rank; };
      };
      std::erase_if(needed.users, not_own(users_));
      std::erase_if(needed.items, not_own(*items_));
      users_.write(needed.users, out[r]);
      items_->write(needed.items, out[r]);
    }
  }
  for (int r = 0; r < peers.size(); ++r)
    in[r].resize(std::ssize(from[r].users) * users_.width() +
                 std::ssize(from[r].items) * items_->width());
  peers.exchange(out, in);
  for (int r = 0; r < peers.size(); ++r)
    items_->read(from[r].items, users_.read(from[r].users, in[r].data()));
}

}  // namespace latent
