// The k best of n scores, ties to the lower index.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace latent {

struct Scored {
  int32_t index;
  float score;
};

/// Ranks before: the higher score, then the lower index.
inline bool ranks_before(const Scored& a, const Scored& b) {
  return a.score > b.score || (a.score == b.score && a.index < b.index);
}

/// Keeps the k best pushed so far; push in any order. NaN and -infinity rank nowhere.
///
/// Candidates gather until there are about four times k, then the best k stay: a few selections in
/// all, where a heap would take a logarithm of steps for each candidate.
class TopK {
 public:
  explicit TopK(int k) : k_(k), room_(4 * static_cast<size_t>(k) + 64), full_(k == 0) {}

  void push(int32_t index, float score) {
    const Scored candidate{index, score};
    if (!(score > -std::numeric_limits<float>::infinity()) ||
        (full_ && !ranks_before(candidate, last_)))
      return;
    kept_.push_back(candidate);
    if (kept_.size() >= room_) select();
  }

  /// Whether only a score greater than `worst()` can still enter, if later pushes have higher
  /// indices.
  bool full() const { return full_; }
  float worst() const { return last_.score; }

  /// Best first; the object is empty afterwards.
  std::vector<Scored> take() {
    if (kept_.size() > static_cast<size_t>(k_)) select();
    std::sort(kept_.begin(), kept_.end(), ranks_before);
    return std::move(kept_);
  }

 private:
  void select() {
    std::nth_element(kept_.begin(), kept_.begin() + (k_ - 1), kept_.end(), ranks_before);
    kept_.resize(k_);
    last_ = kept_.back();
    full_ = true;
  }

  int k_;
  size_t room_;
  bool full_;
  Scored last_{-1, std::numeric_limits<float>::infinity()};  // the k-th at the last selection
  std::vector<Scored> kept_;
};

}  // namespace latent
