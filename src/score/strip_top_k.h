// Keeping the best of a catalogue that is scored strip by strip.
#pragma once

#include <algorithm>
#include <bit>
#include <span>

#include "src/kernels/score_kernel.h"
#include "src/score/top_k.h"

namespace latent {

/// Pushes the scores of a row whose first item is `first`; the same result as pushing every item
/// that `admits(item)` in order, strip after strip. Whether an item is admitted is asked only of
/// the few whose score could enter.
template <typename Admits>
void push_row(TopK& best, int32_t first, std::span<const float> scores, const Admits& admits) {
  constexpr size_t kLook = 128;  // scores that are looked at together
  while (!scores.empty()) {
    const auto some = scores.first(std::min(kLook, scores.size()));
    scores = scores.subspan(some.size());
    if (!best.full()) {
      for (size_t n = 0; n < some.size(); ++n) {
        const auto item = first + static_cast<int32_t>(n);
        if (admits(item)) best.push(item, some[n]);
      }
    } else {
      uint32_t above[kLook / 32];
      above_bits(some, best.worst(), above);
      for (size_t word = 0; word * 32 < some.size(); ++word) {
        for (uint32_t left = above[word]; left != 0; left &= left - 1) {
          const auto n = word * 32 + static_cast<size_t>(std::countr_zero(left));
          const auto item = first + static_cast<int32_t>(n);
          if (some[n] > best.worst() && admits(item)) best.push(item, some[n]);
        }
      }
    }
    first += static_cast<int32_t>(some.size());
  }
}

}  // namespace latent
