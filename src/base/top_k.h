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

/// Keeps the k best pushed so far; push in any order.
class TopK {
 public:
  explicit TopK(int k) : k_(k) { heap_.reserve(k); }

  void push(int32_t index, float score) {
    const Scored candidate{index, score};
    if (static_cast<int>(heap_.size()) < k_) {
      heap_.push_back(candidate);
      std::push_heap(heap_.begin(), heap_.end(), ranks_before);
    } else if (k_ > 0 && ranks_before(candidate, heap_.front())) {
      std::pop_heap(heap_.begin(), heap_.end(), ranks_before);
      heap_.back() = candidate;
      std::push_heap(heap_.begin(), heap_.end(), ranks_before);
    }
  }

  /// Whether only a score greater than `worst()` can still enter, if later pushes have higher
  /// indices.
  bool full() const { return static_cast<int>(heap_.size()) >= k_; }
  /// The least score kept; when nothing is kept, none is great enough.
  float worst() const {
    return heap_.empty() ? std::numeric_limits<float>::infinity() : heap_.front().score;
  }

  /// Best first; the object is empty afterwards.
  std::vector<Scored> take() {
    std::sort_heap(heap_.begin(), heap_.end(), ranks_before);
    return std::move(heap_);
  }

 private:
  int k_;
  std::vector<Scored> heap_;
};

}  // namespace latent
