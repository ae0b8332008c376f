#include "src/score/user_items.h"

#include <algorithm>
#include <iterator>

#include "src/base/counting_sort.h"

namespace latent {

UserItems::UserItems(std::span<const int32_t> user_of_row, std::span<const int32_t> item_of_row,
                     int32_t users)
    : item(item_of_row.size()) {
  start = counting_sort(
      std::ssize(user_of_row), users, [&](int64_t n) { return user_of_row[n]; },
      [&](int64_t n, int64_t place) { item[place] = item_of_row[n]; });
  // Sort each row and close the gaps that repeated pairs leave.
  int64_t kept = 0;
  for (int32_t u = 0; u < users; ++u) {
    const auto from = item.begin() + start[u], to = item.begin() + start[u + 1];
    std::sort(from, to);
    const auto distinct = std::unique(from, to);
    start[u] = kept;
    kept = std::move(from, distinct, item.begin() + kept) - item.begin();
  }
  start[users] = kept;
  item.resize(kept);
}

bool UserItems::has(int32_t u, int32_t i) const {
  const auto row = of(u);
  return std::binary_search(row.begin(), row.end(), i);
}

namespace {

/// Row by row, what `combine(from, to, from, to, out)` makes of the two.
template <typename Combine>
UserItems by_row(const UserItems& a, const UserItems& b, const Combine& combine) {
  UserItems out;
  out.start.reserve(a.start.size());
  out.start.push_back(0);
  for (int32_t u = 0; u < a.users(); ++u) {
    const auto x = a.of(u), y = b.of(u);
    combine(x.begin(), x.end(), y.begin(), y.end(), std::back_inserter(out.item));
    out.start.push_back(static_cast<int64_t>(out.item.size()));
  }
  return out;
}

}  // namespace

UserItems merged(const UserItems& a, const UserItems& b) {
  return by_row(a, b, [](auto... args) { std::set_union(args...); });
}

UserItems without(const UserItems& a, const UserItems& b) {
  return by_row(a, b, [](auto... args) { std::set_difference(args...); });
}

std::vector<float> popularity(const UserItems& pairs, int32_t items) {
  std::vector<float> counts(items);
  for (const int32_t i : pairs.item) counts[i] += 1;
  return counts;
}

}  // namespace latent
