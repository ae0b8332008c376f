// One user's ranking as groups of equal scores, and its figures when each group's order is random.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// Candidates of one score, some of them held out: places before + 1 ... before + size.
struct TieGroup {
  int64_t before;    ///< candidates that score higher
  int64_t size;      ///< candidates of this score
  int64_t relevant;  ///< of these, held out: at least 1
};

/// What ranking metrics divide by and discount with, whatever the user.
struct Discounts {
  /// For places 1 ... deepest.
  explicit Discounts(int64_t deepest);
  std::vector<double> gain;   ///< [deepest] 1 / log2(place + 1)
  std::vector<double> ideal;  ///< [deepest + 1] sums of the first gains
};

constexpr int kRankingMetrics = 6;

/// [kRankingMetrics] recall ndcg hit precision map mrr.
std::span<const char* const> ranking_metric_names();

/// Adds the user's figures at `k` to `sums`, one for each of those names: means over all orders of
/// the equal scores, each as likely as another. `groups`: those with held-out items, best first;
/// `held_out`: how many the user has. With m candidates of a group and r of them held out, place j
/// of it holds a held-out one with probability r / m, and then (j - 1) (r - 1) / (m - 1) of those
/// before it in the group are held out, on average; the first one stands at j with probability C(m
/// - j, r - 1) / C(m, r); t places hold none with probability C(m - r, t) / C(m, t) (McSherry &
/// Najork, ECIR 2008).
void add_expected(std::span<const TieGroup> groups, int64_t held_out, int64_t k,
                  const Discounts& discounts, double* sums);

}  // namespace latent
