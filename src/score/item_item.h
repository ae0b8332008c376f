// Scores made of a user's own items: each adds its similarities to the items of the catalogue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "src/score/user_items.h"

namespace latent {

/// score(u, i) = sum over the items j of u, ascending, of weight[j, i]. Owns nothing; empty by
/// default.
struct ItemItemView {
  UserItemsView histories = {};     ///< [U] items below `items`
  int32_t items = 0;                ///< I; items from there on are similar to none
  const float* dense = nullptr;     ///< [I, I]; null: the sparse rows
  std::span<const int64_t> start = {};  ///< [I + 1] of those
  std::span<const int32_t> item = {};   ///< [N], ascending within a row
  std::span<const float> weight = {};   ///< [N]

  bool empty() const { return histories.start.empty(); }
  /// None for users beyond U and for those below 0, who are unknown.
  std::span<const int32_t> history_of(int32_t user) const {
    const bool known = user >= 0 && user + int64_t{1} < std::ssize(histories.start);
    return known ? histories.of(user) : std::span<const int32_t>();
  }
  /// `sum` with the pair's weights added, one after another.
  float add_to(float sum, int32_t user, int32_t i) const;
};

/// Adds to strips of the catalogue for a block of users: the same bits as ItemItemView::add_to().
class ItemItemStrips {
 public:
  /// Keeps references to the view's arrays.
  ItemItemStrips(const ItemItemView& view, std::span<const int32_t> users);

  /// Scores of user n for items first ... first + count - 1 lie at scores + n * stride. Strips come
  /// in order and leave no item out.
  void add(int32_t first, int32_t count, float* scores, int64_t stride);

 private:
  void add_dense(int32_t first, int32_t count, float* scores, int64_t stride) const;
  void add_sparse(int32_t end, int32_t first, float* scores, int64_t stride);

  ItemItemView view_;
  std::vector<std::span<const int32_t>> histories_;
  std::vector<std::vector<int64_t>> at_;  // sparse: where each row of a user's items has come to
};

}  // namespace latent
