// The one ranking of a catalogue whose scores are the same for every user.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "src/score/top_k.h"

namespace latent {

/// Sorted once, where a ranking of each user would score the whole catalogue anew.
class CommonOrder {
 public:
  /// `scores` [I]; NaN and -infinity rank nowhere.
  explicit CommonOrder(std::vector<float> scores);

  using Admits = std::function<bool(int32_t item)>;
  /// The first k items that are admitted, ties to the lower index.
  std::vector<Scored> best(int64_t k, const Admits& admits) const;
  /// How many items of exactly this score are admitted.
  int64_t count_equal(float score, const Admits& admits) const;

  const std::vector<float>& scores() const { return scores_; }  ///< [I]
  /// [I] every score, ascending.
  const std::vector<float>& ascending() const { return ascending_; }

 private:
  std::vector<Scored> order_;  // best first
  std::vector<float> scores_, ascending_;
};

}  // namespace latent
