// Each user's distinct items, sorted: the sparse matrix behind masks, rejection and metrics.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// Compressed sparse rows: user u has item[start[u]] ... item[start[u + 1] - 1], ascending, without
/// repeats.
struct UserItems {
  std::vector<int64_t> start;  ///< [U + 1]
  std::vector<int32_t> item;

  UserItems() = default;
  /// From pairs in any order, repeats allowed.
  UserItems(std::span<const int32_t> user_of_row, std::span<const int32_t> item_of_row,
            int32_t users);

  int32_t users() const { return static_cast<int32_t>(start.size()) - 1; }
  std::span<const int32_t> of(int32_t u) const {
    return {item.data() + start[u], static_cast<size_t>(start[u + 1] - start[u])};
  }
  bool has(int32_t u, int32_t i) const;
};

/// UserItems that lie elsewhere: in a loaded file, say. The arrays must outlive it.
struct UserItemsView {
  std::span<const int64_t> start;  ///< [U + 1]
  std::span<const int32_t> item;

  UserItemsView() = default;
  UserItemsView(std::span<const int64_t> s, std::span<const int32_t> i) : start(s), item(i) {}
  UserItemsView(const UserItems& whole) : start(whole.start), item(whole.item) {}

  std::span<const int32_t> of(int32_t u) const {
    return item.subspan(start[u], static_cast<size_t>(start[u + 1] - start[u]));
  }
};

/// The union, row by row.
UserItems merged(const UserItems& a, const UserItems& b);

/// The pairs of `a` that `b` lacks.
UserItems without(const UserItems& a, const UserItems& b);

/// How many users have each item [I]: scores by popularity.
std::vector<float> popularity(const UserItems& pairs, int32_t items);

}  // namespace latent
