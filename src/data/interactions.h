// Interactions as columns, and a data set: interactions with their ids.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/rng.h"
#include "src/data/column.h"
#include "src/data/id_map.h"
#include "src/score/user_items.h"

namespace latent {

/// Rows as columns: 12 bytes a row, 20 with time.
struct Interactions {
  Interactions() = default;
  /// Without rows yet, which are to lie in files of the folder; null: in the heap.
  explicit Interactions(const ColumnFolder& folder);

  Column<int32_t> user, item;
  Column<float> rating;
  Column<double> time;  ///< seconds since 1970, with their fraction, or empty

  int64_t size() const { return static_cast<int64_t>(user.size()); }
  bool has_time() const { return !time.empty(); }
  /// Where the rows, and copies of them, lie on disk; null: in the heap.
  ColumnFolder folder() const { return user.get_allocator().folder(); }
  bool on_disk() const { return folder() != nullptr; }
  /// Has the rows lie there.
  void move_to(const ColumnFolder& folder);
  /// Rows on disk to be changed in place: those that lie in somebody else's file get one of their
  /// own, since pages that are written would stay in the heap's memory.
  void prepare_to_change();
  void reserve(size_t n);
  void push(int32_t u, int32_t i, float r) {
    user.push_back(u);
    item.push_back(i);
    rating.push_back(r);
  }
  /// Appends row `row` of `from`.
  void push_from(const Interactions& from, int64_t row);
  void append(const Interactions& from);
  /// Moves row `from` to `to`.
  void move(int64_t from, int64_t to);
  /// Cuts off the rows from `begin` on, and returns them. Works column by column: a second copy of
  /// one column is the most memory that it takes beyond the rows.
  Interactions cut(int64_t begin);
  /// Keeps the first `size` rows.
  void truncate(int64_t size);
};

/// The order that shuffling the rows' numbers gives (see rng.h), without a list of them.
void shuffle(Interactions& rows, RandomStream stream);

double mean_rating(const Interactions& rows);

/// What each item's ratings [I] are above `mean`, on the mean over its rows with `damping` more
/// that are worth `mean`; 0 for items without rows.
std::vector<float> item_offsets(const Interactions& rows, double mean, int32_t items,
                                double damping = 0);

UserItems user_items(const Interactions& rows, int32_t users);

/// Rows of which only the pair is kept: a user and an item each.
struct Pairs {
  std::vector<int32_t> user, item;

  int64_t size() const { return static_cast<int64_t>(user.size()); }
  void push(int32_t u, int32_t i) {
    user.push_back(u);
    item.push_back(i);
  }
};

/// Users of whom the filters left no row, and which of the items that are left they had.
struct Strangers {
  IdMap users;
  Pairs pairs;  ///< users by that map
};

/// The user and item names beside the rows that use their indices.
struct Dataset {
  Interactions rows;
  /// Pairs that the files hold though data.where, drop_zero or positive_at_least left them out of
  /// `rows`, once filter_rows() has run those whose user and item both still have rows.
  Pairs left_out;
  Strangers strangers;  ///< once filter_rows() has run
  IdMap users, items;
  uint32_t checksum = 0;  ///< CRC-32 over the files read
};

}  // namespace latent
