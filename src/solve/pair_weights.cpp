#include "src/solve/pair_weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace latent {

namespace {

void weigh_by_bm25(WeightedRows& pairs, int32_t items) {
  constexpr double kK1 = 100, kB = 0.8;
  std::vector<double> length(items);
  for (size_t n = 0; n < pairs.column.size(); ++n) length[pairs.column[n]] += pairs.weight[n];
  const double mean = std::accumulate(length.begin(), length.end(), 0.0) / items;
  for (int64_t u = 0; u < pairs.rows(); ++u) {
    const double rarity = std::log(items) - std::log1p(static_cast<double>(pairs.count(u)));
    for (int64_t n = pairs.start[u]; n < pairs.start[u + 1]; ++n) {
      const double x = pairs.weight[n];
      const double norm = 1 - kB + kB * length[pairs.column[n]] / mean;
      pairs.weight[n] = static_cast<float>(x * (kK1 + 1) / (kK1 * norm + x) * rarity);
    }
  }
}

}  // namespace

WeightedRows pair_weights(const Interactions& rows, int32_t users, int32_t items,
                          const std::string& weight) {
  const UserItems distinct = user_items(rows, users);
  WeightedRows out;
  out.start = distinct.start;
  out.column = distinct.item;
  out.weight.assign(out.column.size(), weight == "none" ? 1.0f : 0.0f);
  if (weight == "none") return out;
  for (int64_t n = 0; n < rows.size(); ++n) {
    const auto first = out.column.begin() + out.start[rows.user[n]];
    const auto last = out.column.begin() + out.start[rows.user[n] + 1];
    out.weight[std::lower_bound(first, last, rows.item[n]) - out.column.begin()] += rows.rating[n];
  }
  if (weight == "bm25") weigh_by_bm25(out, items);
  return out;
}

}  // namespace latent
