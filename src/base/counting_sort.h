// Rows grouped by a small integer key: the two passes behind every compressed sparse matrix.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace latent {

/// [groups + 1]: where groups 0..groups-1 begin when rows 0..rows-1 are sorted by key(row).
template <typename Key>
std::vector<int64_t> group_starts(int64_t rows, int64_t groups, const Key& key) {
  std::vector<int64_t> start(groups + 1);
  for (int64_t n = 0; n < rows; ++n) ++start[key(n) + 1];
  std::partial_sum(start.begin(), start.end(), start.begin());
  return start;
}

/// The second pass of a stable counting sort: calls put(row, place) for rows 0..rows-1 in turn with
/// their places, given group_starts' result. prefetch(row, next), called for a row some steps
/// ahead, may prefetch what `put` will touch; next[group] is the place that the group has reached.
template <typename Key, typename Put, typename Prefetch>
void place_rows(const std::vector<int64_t>& start, int64_t rows, const Key& key, const Put& put,
                const Prefetch& prefetch) {
  constexpr int64_t kAhead = 24;
  std::vector<int64_t> next(start.begin(), start.end() - 1);
  for (int64_t n = 0; n < rows; ++n) {
    prefetch(std::min(n + kAhead, rows - 1), next);
    put(n, next[key(n)]++);
  }
}

/// Both passes: group g's rows are put to places start[g] ... start[g + 1] - 1 of the result.
template <typename Key, typename Put>
std::vector<int64_t> counting_sort(int64_t rows, int64_t groups, const Key& key, const Put& put) {
  std::vector<int64_t> start = group_starts(rows, groups, key);
  place_rows(start, rows, key, put, [](int64_t, const std::vector<int64_t>&) {});
  return start;
}

}  // namespace latent
