// Sums of users' ranking figures, their means by name, and the figures themselves.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/peers.h"
#include "src/score/user_items.h"

namespace latent {

using NamedFigures = std::vector<std::pair<std::string, double>>;

/// The figures of each user by themselves.
struct UserRankings {
  std::vector<int32_t> user;  ///< ascending: those who were ranked
  /// By name, "auc" and "ndcg@10", each [users]; auc is NaN for who has none.
  std::vector<std::pair<std::string, std::vector<float>>> figures;
};

/// One user's figures: those of add_expected() (tie_groups.h) for each cut-off, and the AUC.
struct UserFigures {
  explicit UserFigures(size_t cut_offs);
  double* at(size_t cut_off);

  std::vector<double> values;  ///< [cut-offs, kRankingMetrics]
  double auc = -1;             ///< below 0: there is none
};

class RankingSums {
 public:
  /// `per_user`: also keeps what is added.
  explicit RankingSums(const std::vector<int64_t>& cut_offs, bool per_user = false);

  void add(int32_t user, const UserFigures& figures);
  /// Adds the sums of `other`, and takes over what it keeps.
  void add(RankingSums&& other);
  void keep_from(RankingSums&& other);
  /// "auc", "recall@5", "recall@10", ...: means over the users added. Empty without any.
  NamedFigures means() const;
  /// What was kept.
  UserRankings users() &&;

  /// The sums as numbers, to be shared.
  std::span<double> values() { return sums_; }
  /// Brings what each rank keeps to all, in the order of the ranks.
  void gather_kept(Peers& peers);

 private:
  std::string name(int metric, size_t cut_off) const;
  size_t metrics() const { return sums_.size() - 3; }
  double counted() const { return sums_[metrics() + 1]; }
  double counted_auc() const { return sums_[metrics() + 2]; }

  const std::vector<int64_t>& cut_offs_;
  std::vector<double> sums_;  // [cut-offs, kRankingMetrics]; AUC; users; users with an AUC
  bool per_user_;
  std::vector<int32_t> kept_user_;
  std::vector<std::vector<float>> kept_;  // [cut-offs * kRankingMetrics + 1][users], auc last
};

struct RankingMeans {
  NamedFigures all;
  NamedFigures warm;  ///< of users' pairs that are not cold; empty where no pair is
  UserRankings users;  ///< of all, where they are asked for
};

/// How mean_rankings() works.
struct RankingWork {
  int threads = 0;
  bool per_user = false;  ///< keep the users' own figures
  /// Called before the chunks of each `block` users, in order; 0: never.
  int64_t block = 0;
  std::function<void(std::span<const int32_t> users)> before = {};
  bool tell = false;      ///< of its progress, once it has taken `quiet` seconds
  double quiet = 5;
  /// Who ranks which users; not shared: all are ranked here. Figures of all ranks' users come to
  /// all.
  OwnedRows users = {};
};

/// Means over the users who have held-out items. `add(users, all, warm)` adds the figures of a
/// chunk of them, on up to `work.threads` threads; chunks depend on neither those nor ranks, and
/// are added in order.
RankingMeans mean_rankings(
    const UserItems& held_out, const std::vector<int64_t>& cut_offs, const RankingWork& work,
    const std::function<bool(int32_t user, int32_t item)>& is_cold,
    const std::function<void(std::span<const int32_t> users, RankingSums& all, RankingSums& warm)>&
        add);

}  // namespace latent
