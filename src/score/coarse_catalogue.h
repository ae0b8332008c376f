// A catalogue at a quarter of its size, in which the best of one user or of a few are found without
// reading most of the real one.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "src/base/parallel.h"
#include "src/kernels/coarse_kernel.h"
#include "src/score/factor_view.h"
#include "src/score/strip_top_k.h"
#include "src/score/top_k.h"

namespace latent {

/// Each item's factors as bytes times a scale, with the length of what that leaves out. By the
/// inequality of Cauchy and Schwarz a score lies within (user's length) * (that length) of the
/// coarse one, rounding aside, for which there is room as well: so items whose upper bound is below
/// k lower bounds are none of the k best, whatever the tables hold.
class CoarseCatalogue {
 public:
  /// Keeps a pointer to the view's item biases.
  explicit CoarseCatalogue(const FactorView& view);

  /// Whether candidates() may be asked: the tables are finite, and so is the user.
  bool can_answer(const UserVector& user) const;

  /// Of each user the items, ascending, that admits(n, item) lets in: all those among the k best
  /// are there. The catalogue is read once for all, in pieces that threads share.
  template <typename Admits>
  std::vector<std::vector<int32_t>> candidates(std::span<const UserVector> users, int k,
                                               const Admits& admits) const;

 private:
  /// Of a user: how far apart a score and its bounds are.
  struct Room {
    float per_error;  ///< times an item's error
    float rounding;   ///< of the sums, in either order
  };
  Room room_of(const UserVector& user) const;
  /// Turns the products of the items of tile `t` into lower bounds of their scores, and into upper
  /// ones; each is [kCoarseItems].
  void bounds(int64_t t, const UserVector& user, const Room& room, float* lower,
              float* products) const;
  /// What is known of a user on the way through the catalogue.
  struct Search {
    Search(const Room& room, int k) : room(room), lowest(k) {}

    /// Keeps what may be among the k best of `count` items from `first` on.
    template <typename Admits>
    void take(int32_t first, int count, const float* lower, const float* upper,
              const Admits& admits);
    Room room;
    TopK lowest;  ///< of the lower bounds
    std::vector<Scored> kept;
  };

  /// Takes tiles [from, to) for each user.
  template <typename Admits>
  void search(std::span<const UserVector> users, const float* packed, int64_t from, int64_t to,
              std::span<Search> searches, const Admits& admits) const;
  /// Users in groups, each [K, group] as the kernel reads it.
  std::vector<float> packed_groups(std::span<const UserVector> users) const;
  /// Of each user what no piece's lower bounds rule out.
  static std::vector<std::vector<int32_t>> merged(std::vector<std::vector<Search>>& pieces,
                                                  size_t users, int k);

  int32_t items_, factors_;
  const float* beta_;                 // [I], or null
  std::vector<CoarseLine> lines_;     // [tiles, K]
  std::vector<float> scale_, error_;  // [tiles * kCoarseItems]
  double longest_ = 0, most_beta_ = 0;
};

template <typename Admits>
void CoarseCatalogue::Search::take(int32_t first, int count, const float* lower,
                                   const float* upper, const Admits& admits) {
  const auto take_one = [&](int n) {
    const int32_t item = first + n;
    if (!admits(item)) return;
    kept.push_back({item, upper[n]});
    lowest.push(item, lower[n]);
  };
  if (!lowest.full()) {
    for (int n = 0; n < count; ++n) take_one(n);
    return;
  }
  // At least the k-th lower bound: greater than the float before it.
  const float before = std::nextafter(lowest.worst(), -std::numeric_limits<float>::infinity());
  uint32_t above[kCoarseItems / 32];
  above_bits({upper, static_cast<size_t>(count)}, before, above);
  for (int word = 0; word * 32 < count; ++word) {
    for (uint32_t left = above[word]; left != 0; left &= left - 1)
      take_one(word * 32 + std::countr_zero(left));
  }
}

template <typename Admits>
void CoarseCatalogue::search(std::span<const UserVector> users, const float* packed, int64_t from,
                             int64_t to, std::span<Search> searches, const Admits& admits) const {
  const auto count = static_cast<int>(users.size());
  float lower[kCoarseItems], products[kCoarseUsers * kCoarseItems];
  for (int64_t t = from; t < to; ++t) {
    const auto first = static_cast<int32_t>(t * kCoarseItems);
    const int items = std::min(kCoarseItems, items_ - first);
    const CoarseLine* const tile = lines_.data() + t * factors_;
    for (int group = 0; group < count; group += kCoarseUsers) {
      const int size = std::min(kCoarseUsers, count - group);
      if (size == 1)
        coarse_products(tile, users[group].factors, factors_, products);
      else
        coarse_products(tile, packed + int64_t{group} * factors_, size, factors_, products);
      for (int u = group; u < group + size; ++u) {
        float* const upper = products + (u - group) * kCoarseItems;
        bounds(t, users[u], searches[u].room, lower, upper);
        searches[u].take(first, items, lower, upper, [&](int32_t item) { return admits(u, item); });
      }
    }
  }
}

template <typename Admits>
std::vector<std::vector<int32_t>> CoarseCatalogue::candidates(std::span<const UserVector> users,
                                                              int k, const Admits& admits) const {
  if (k <= 0) return std::vector<std::vector<int32_t>>(users.size());
  const std::vector<float> packed = packed_groups(users);
  constexpr int64_t kPiece = 2048;  // tiles; some tenths of a millisecond
  const int64_t tiles = ceil_div(items_, kCoarseItems);
  std::vector<std::vector<Search>> pieces(static_cast<size_t>(ceil_div(tiles, kPiece)));
  parallel_chunks(std::ssize(pieces), /*threads=*/0, [&](int64_t n) {
    for (const UserVector& user : users) pieces[n].emplace_back(room_of(user), k);
    search(users, packed.data(), n * kPiece, std::min((n + 1) * kPiece, tiles), pieces[n], admits);
  });
  return merged(pieces, users.size(), k);
}

}  // namespace latent
