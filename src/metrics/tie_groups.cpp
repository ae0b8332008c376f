#include "src/metrics/tie_groups.h"

#include <algorithm>
#include <cmath>

namespace latent {

namespace {

constexpr const char* kNames[kRankingMetrics] = {"recall", "ndcg", "hit",
                                                 "precision", "map", "mrr"};

}  // namespace

std::span<const char* const> ranking_metric_names() { return kNames; }

Discounts::Discounts(int64_t deepest) : gain(deepest), ideal(deepest + 1) {
  for (int64_t place = 1; place <= deepest; ++place) {
    gain[place - 1] = 1 / std::log2(static_cast<double>(place) + 1);
    ideal[place] = ideal[place - 1] + gain[place - 1];
  }
}

void add_expected(std::span<const TieGroup> groups, int64_t held_out, int64_t k,
                  const Discounts& discounts, double* sums) {
  double hits = 0, dcg = 0, precisions = 0, reciprocal = 0, none = 1;
  double found = 0;  // held-out items in the groups before
  for (const TieGroup& group : groups) {
    if (group.before >= k) break;
    const auto size = static_cast<double>(group.size),
               relevant = static_cast<double>(group.relevant);
    const int64_t depth = std::min(group.size, k - group.before);
    const double share = relevant / size;
    const double others = group.size == 1 ? 0 : (relevant - 1) / (size - 1);
    double first = found == 0 ? share : 0;  // probability that the first one stands here
    for (int64_t j = 1; j <= depth; ++j) {
      const auto here = static_cast<double>(j), place = static_cast<double>(group.before + j);
      hits += share;
      dcg += share * discounts.gain[group.before + j - 1];
      precisions += share * ((found + 1 + (here - 1) * others) / place);
      reciprocal += first * (1 / place);
      if (found == 0) none *= std::max(0.0, size - relevant - (here - 1)) / (size - (here - 1));
      if (here < size) first *= (size - here - relevant + 1) / (size - here);
    }
    if (found > 0) none = 0;
    found += relevant;
  }
  const int64_t reachable = std::min(k, held_out);
  const auto last = static_cast<int64_t>(discounts.gain.size());
  sums[0] += hits / static_cast<double>(held_out);
  sums[1] += dcg / discounts.ideal[std::min(reachable, last)];
  sums[2] += 1 - none;
  sums[3] += hits / static_cast<double>(k);
  sums[4] += precisions / static_cast<double>(reachable);
  sums[5] += reciprocal;
}

}  // namespace latent
