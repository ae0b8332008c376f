#include "src/solve/co_counts.h"

#include <algorithm>
#include <vector>

#include "src/base/counting_sort.h"
#include "src/base/parallel.h"

namespace latent {

void for_each_co_counts(const UserItems& pairs, int32_t items, int threads,
                        const CoCountsSeen& see) {
  std::vector<int32_t> user_of(pairs.item.size()), users(pairs.item.size());
  for (int32_t u = 0; u < pairs.users(); ++u)
    std::fill(user_of.begin() + pairs.start[u], user_of.begin() + pairs.start[u + 1], u);
  const std::vector<int64_t> start = counting_sort(
      std::ssize(users), items, [&](int64_t n) { return pairs.item[n]; },
      [&](int64_t n, int64_t place) { users[place] = user_of[n]; });
  constexpr int64_t kChunk = 64;
  parallel_chunks(ceil_div(items, kChunk), threads, [&](int64_t chunk) {
    std::vector<int32_t> counts(items), touched;
    const auto end = static_cast<int32_t>(std::min<int64_t>(items, (chunk + 1) * kChunk));
    for (auto i = static_cast<int32_t>(chunk * kChunk); i < end; ++i) {
      if (start[i] == start[i + 1]) continue;
      for (int64_t n = start[i]; n < start[i + 1]; ++n) {
        for (const int32_t j : pairs.of(users[n])) {
          if (counts[j]++ == 0) touched.push_back(j);
        }
      }
      see(i, touched, counts.data());
      for (const int32_t j : touched) counts[j] = 0;
      touched.clear();
    }
  });
}

}  // namespace latent
