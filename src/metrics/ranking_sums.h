// Sums of users' ranking figures, and their means by name.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/score/user_items.h"

namespace latent {

using NamedFigures = std::vector<std::pair<std::string, double>>;

/// One user's figures: those of add_expected() (tie_groups.h) for each cut-off, and the AUC.
struct UserFigures {
  explicit UserFigures(size_t cut_offs);
  double* at(size_t cut_off);

  std::vector<double> values;  ///< [cut-offs, kRankingMetrics]
  double auc = -1;             ///< below 0: there is none
};

class RankingSums {
 public:
  explicit RankingSums(const std::vector<int64_t>& cut_offs);

  void add(const UserFigures& user);
  void add(const RankingSums& other);
  /// "auc", "recall@5", "recall@10", ...: means over the users added. Empty without any.
  NamedFigures means() const;

 private:
  const std::vector<int64_t>& cut_offs_;
  std::vector<double> sums_;  // [cut-offs, kRankingMetrics]
  double auc_ = 0;
  int64_t users_ = 0, auc_users_ = 0;
};

struct RankingMeans {
  NamedFigures all;
  NamedFigures warm;  ///< of users' pairs that are not cold; empty where no pair is
};

/// Means over the users who have held-out items. `add(users, all, warm)` adds the figures of a chunk
/// of them, on up to `threads` threads; chunks do not depend on those, and are added in order.
RankingMeans mean_rankings(
    const UserItems& held_out, const std::vector<int64_t>& cut_offs, int threads,
    const std::function<bool(int32_t user, int32_t item)>& is_cold,
    const std::function<void(std::span<const int32_t> users, RankingSums& all, RankingSums& warm)>&
        add);

}  // namespace latent
