#include "src/score/common_order.h"

#include <algorithm>

namespace latent {

CommonOrder::CommonOrder(std::vector<float> scores)
    : scores_(std::move(scores)), ascending_(scores_) {
  for (size_t i = 0; i < scores_.size(); ++i) {
    if (scores_[i] > -std::numeric_limits<float>::infinity())
      order_.push_back({static_cast<int32_t>(i), scores_[i]});
  }
  std::ranges::sort(order_, ranks_before);
  std::ranges::sort(ascending_);
}

std::vector<Scored> CommonOrder::best(int64_t k, const Admits& admits) const {
  std::vector<Scored> out;
  for (size_t n = 0; n < order_.size() && std::ssize(out) < k; ++n) {
    if (admits(order_[n].index)) out.push_back(order_[n]);
  }
  return out;
}

int64_t CommonOrder::count_equal(float score, const Admits& admits) const {
  // Bounds in place of equal_range(), whose subrange clang 14 does not compile.
  const auto from =
      std::ranges::lower_bound(order_, score, std::ranges::greater(), &Scored::score);
  const auto to = std::ranges::upper_bound(order_, score, std::ranges::greater(), &Scored::score);
  return std::count_if(from, to, [&](const Scored& s) { return admits(s.index); });
}

}  // namespace latent
