// Keeping the best of a catalogue that is scored strip by strip.
#pragma once

#include <algorithm>

#include "src/base/factor_view.h"
#include "src/base/top_k.h"

namespace latent {

/// Pushes the scores of a row whose first item is `first`; the same result as pushing every item
/// that `admits(item)` in order, strip after strip. Whether an item is admitted is asked only of
/// the few whose score could enter.
template <typename Admits>
void push_row(TopK& best, int32_t first, std::span<const float> scores, const Admits& admits) {
  constexpr size_t kLook = 32;  // scores that one comparison waves through
  for (size_t from = 0; from < scores.size(); from += kLook) {
    const auto some = scores.subspan(from, std::min(kLook, scores.size() - from));
    if (best.full() && !any_above(some, best.worst())) continue;
    for (size_t n = 0; n < some.size(); ++n) {
      const auto item = first + static_cast<int32_t>(from + n);
      if ((!best.full() || some[n] > best.worst()) && admits(item)) best.push(item, some[n]);
    }
  }
}

}  // namespace latent
