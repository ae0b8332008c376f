#include "src/data/row_counts.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <span>

#include "src/base/huge_pages.h"
#include "src/base/parallel.h"

namespace latent {

namespace {

std::vector<uint32_t> frequencies(std::span<const int32_t> column, int32_t ids) {
  Table<uint32_t> counts(ids);
  for (const int32_t index : column) ++counts[index];
  return {counts.begin(), counts.end()};
}

void count_ratings(std::span<const float> ratings, size_t most, RowCounts& out) {
  // A few values, each found again through a small table of where its bits were last seen.
  constexpr size_t kRoom = 64;
  float value[kRoom];
  int64_t rows[2][kRoom] = {};  // by turns: equal ratings would wait for each other
  uint32_t seen[256] = {};
  size_t values = 0, n = 0;
  double sum = 0;
  for (; n < ratings.size(); ++n) {
    const float r = ratings[n];
    uint32_t& slot = seen[std::bit_cast<uint32_t>(r) * 0x9E3779B1u >> 24];
    uint32_t at = slot;
    if (at >= values || value[at] != r) {
      at = slot = static_cast<uint32_t>(std::find(value, value + values, r) - value);
      if (at == values) {
        if (values == std::min(most, kRoom)) break;  // a range will do
        value[values++] = r;
      }
    }
    ++rows[n & 1][at];
    sum += r;
  }
  const bool all = n == ratings.size();
  for (; n < ratings.size(); ++n) sum += ratings[n];
  out.rating_sum = sum;
  const std::span<const float> to_compare =
      all ? std::span<const float>(value, values) : ratings;
  out.rating_min = *std::min_element(to_compare.begin(), to_compare.end());
  out.rating_max = *std::max_element(to_compare.begin(), to_compare.end());
  for (size_t k = 0; all && k < values; ++k)
    out.ratings.emplace_back(value[k], rows[0][k] + rows[1][k]);
  std::sort(out.ratings.begin(), out.ratings.end());
}

/// The repeated pairs of the users [from, to), whose rows before and in all are `rows_before`.
int64_t repeats_of(const Interactions& rows, int32_t items, bool sorted,
                   const std::vector<int64_t>& rows_before, int32_t from, int32_t to) {
  const int64_t first = rows_before[from];
  std::vector<int32_t> gathered;
  const int32_t* item = rows.item.data() + first;
  if (!sorted) {
    gathered.resize(rows_before[to] - first);
    std::vector<int64_t> at(rows_before.begin() + from, rows_before.begin() + to);
    const auto users = static_cast<uint32_t>(to - from);
    for (int64_t n = 0; n < rows.size(); ++n) {
      const auto u = static_cast<uint32_t>(rows.user[n] - from);
      if (u < users) gathered[at[u]++ - first] = rows.item[n];
    }
    item = gathered.data();
  }
  Table<int32_t> last_user(items, -1);
  int64_t repeats = 0;
  for (int32_t u = from; u < to; ++u) {
    for (int64_t n = rows_before[u]; n < rows_before[u + 1]; ++n) {
      int32_t& last = last_user[*item++];
      repeats += last == u;
      last = u;
    }
  }
  return repeats;
}

}  // namespace

RowCounts count_rows(const Dataset& data, size_t most_ratings) {
  const Interactions& rows = data.rows;
  const int32_t users = data.users.size(), items = data.items.size();
  RowCounts out;
  bool sorted = false;
  parallel_chunks(4, 0, [&](int64_t part) {
    if (part == 0) out.of_item = frequencies(rows.item, items);
    if (part == 1) count_ratings(rows.rating, most_ratings, out);
    if (part == 2) out.of_user = frequencies(rows.user, users);
    if (part == 3) sorted = std::is_sorted(rows.user.begin(), rows.user.end());
  });
  std::vector<int64_t> rows_before(users + 1);
  for (int32_t u = 0; u < users; ++u) rows_before[u + 1] = rows_before[u] + out.of_user[u];
  // Users in groups, so that gathering one group's items takes a share of the rows' memory.
  const int64_t share = std::max<int64_t>(1 << 20, rows.size() / (sorted ? 4 : 16));
  std::vector<int32_t> groups = {0};
  for (int32_t u = 0; u < users; ++u) {
    if (rows_before[u + 1] - rows_before[groups.back()] >= share) groups.push_back(u + 1);
  }
  if (groups.back() != users) groups.push_back(users);
  std::atomic<int64_t> repeats{0};
  parallel_chunks(static_cast<int64_t>(groups.size()) - 1, 0, [&](int64_t g) {
    repeats += repeats_of(rows, items, sorted, rows_before, groups[g], groups[g + 1]);
  });
  out.repeated_pairs = repeats;
  return out;
}

}  // namespace latent
