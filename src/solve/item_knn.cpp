#include "src/solve/item_knn.h"

#include <algorithm>
#include <cmath>

#include "src/base/counting_sort.h"
#include "src/score/top_k.h"
#include "src/solve/co_counts.h"

namespace latent {

ItemRows item_knn(const UserItems& pairs, int32_t items, const Neighbourhood& options,
                  int threads) {
  const std::vector<float> users = popularity(pairs, items);
  const int k = static_cast<int>(std::min<int64_t>(options.k, items));
  std::vector<std::vector<Scored>> neighbours(items);  // of each item, the most similar first
  for_each_co_counts(
      pairs, items, threads,
      [&](int32_t i, std::span<const int32_t> touched, const int32_t* counts) {
        TopK best(k);
        for (const int32_t j : touched) {
          const double norm = std::sqrt(double{users[i]} * users[j]) + options.shrinkage;
          if (j != i) best.push(j, static_cast<float>(counts[j] / norm));
        }
        neighbours[i] = best.take();
      });
  // By neighbour: the rows that a user's items add up.
  ItemRows out;
  std::vector<int32_t> target, neighbour;
  std::vector<float> weight;
  for (int32_t i = 0; i < items; ++i) {
    for (const Scored& n : neighbours[i]) {
      target.push_back(i);
      neighbour.push_back(n.index);
      weight.push_back(n.score);
    }
  }
  out.item.resize(target.size());
  out.weight.resize(target.size());
  out.start = counting_sort(
      std::ssize(target), items, [&](int64_t n) { return neighbour[n]; },
      [&](int64_t n, int64_t place) {
        out.item[place] = target[n];
        out.weight[place] = weight[n];
      });
  return out;
}

}  // namespace latent
