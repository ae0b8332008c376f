// Sums of users' ranking figures, and their means by name.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

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

}  // namespace latent
