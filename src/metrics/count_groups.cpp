#include "src/metrics/count_groups.h"

#include <algorithm>
#include <numeric>

namespace latent {

namespace {

constexpr size_t kTenths = 10;

}  // namespace

CountGroups::CountGroups(std::span<const int32_t> counts) {
  std::vector<int32_t> sorted(counts.begin(), counts.end());
  std::ranges::sort(sorted);
  const auto add = [&](size_t from, size_t to) {
    const double sum = std::accumulate(sorted.begin() + static_cast<int64_t>(from),
                                       sorted.begin() + static_cast<int64_t>(to), 0.0);
    groups_.push_back({sorted[from], sorted[to - 1], static_cast<int64_t>(to - from),
                       sum / static_cast<double>(to - from)});
  };
  const auto behind = [&](int32_t count) {
    return static_cast<size_t>(std::ranges::upper_bound(sorted, count) - sorted.begin());
  };
  const size_t none = behind(0), counted = sorted.size() - none;
  if (none > 0) add(0, none);
  size_t from = none;
  for (size_t tenth = 1; tenth <= kTenths; ++tenth) {
    const size_t end = none + (counted * tenth + kTenths - 1) / kTenths;
    if (end <= from) continue;
    const size_t to = behind(sorted[end - 1]);
    add(from, to);
    from = to;
  }
}

size_t CountGroups::of(int32_t count) const {
  const auto found = std::ranges::lower_bound(groups_, count, {}, &Group::highest);
  return static_cast<size_t>(found - groups_.begin());
}

}  // namespace latent
