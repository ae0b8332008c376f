// A catalogue at a quarter of its size, in which a single user's best are found without reading
// most of the real one.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

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

  /// Items, ascending, that admits(item) lets in: all those among the k best are there.
  template <typename Admits>
  std::vector<int32_t> candidates(const UserVector& user, int k, const Admits& admits) const;

 private:
  /// Of a user: how far apart a score and its bounds are.
  struct Room {
    float per_error;  ///< times an item's error
    float rounding;   ///< of the sums, in either order
  };
  Room room_of(const UserVector& user) const;
  /// Bounds of the scores of tile `t`, each [kCoarseItems].
  void bounds(int64_t t, const UserVector& user, const Room& room, float* lower,
              float* upper) const;

  int32_t items_, factors_;
  const float* beta_;                 // [I], or null
  std::vector<CoarseLine> lines_;     // [tiles, K]
  std::vector<float> scale_, error_;  // [tiles * kCoarseItems]
  double longest_ = 0, most_beta_ = 0;
};

template <typename Admits>
std::vector<int32_t> CoarseCatalogue::candidates(const UserVector& user, int k,
                                                 const Admits& admits) const {
  if (k <= 0) return {};
  const Room room = room_of(user);
  TopK lowest(k);  // of the lower bounds
  std::vector<Scored> kept;
  float lower[kCoarseItems], upper[kCoarseItems];
  for (int64_t t = 0; t * kCoarseItems < items_; ++t) {
    const auto first = static_cast<int32_t>(t * kCoarseItems);
    const int count = std::min(kCoarseItems, items_ - first);
    bounds(t, user, room, lower, upper);
    const auto take = [&](int n) {
      const int32_t item = first + n;
      if (!admits(item)) return;
      kept.push_back({item, upper[n]});
      lowest.push(item, lower[n]);
    };
    if (!lowest.full()) {
      for (int n = 0; n < count; ++n) take(n);
      continue;
    }
    // At least the k-th lower bound: greater than the float before it.
    const float before = std::nextafter(lowest.worst(), -std::numeric_limits<float>::infinity());
    uint32_t above[kCoarseItems / 32];
    above_bits({upper, static_cast<size_t>(count)}, before, above);
    for (int word = 0; word * 32 < count; ++word) {
      for (uint32_t left = above[word]; left != 0; left &= left - 1)
        take(word * 32 + std::countr_zero(left));
    }
  }
  const std::vector<Scored> best = lowest.take();
  std::vector<int32_t> out;
  for (const Scored& s : kept) {
    if (std::ssize(best) < k || s.score >= best.back().score) out.push_back(s.index);
  }
  return out;
}

}  // namespace latent
