// A part's figures user by user: what comparisons of runs are made of.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "src/metrics/ranking_sums.h"

namespace latent {

/// Every array has a value for each of `user`; those of a kind that was not judged are empty.
struct PerUserFigures {
  std::vector<int32_t> user;  ///< rows of the model, ascending: those who were judged
  /// Errors of ratings: held-out rows, and the sums over them of (p - r)^2 and |p - r|.
  std::vector<int32_t> count;
  std::vector<double> squared_error, absolute_error;
  /// Rankings by name, "auc" and "ndcg@10"; NaN for who was not ranked.
  std::vector<std::pair<std::string, std::vector<float>>> rankings;
};

/// Sums up users' errors of ratings.
class UserErrors {
 public:
  explicit UserErrors(int32_t users)
      : count_(users), squared_error_(users), absolute_error_(users) {}
  void add(int32_t user, float prediction, float rating);
  /// Those of users with at least one row, into `out`, which had nothing before.
  void copy_to(PerUserFigures& out) const;

 private:
  std::vector<int32_t> count_;
  std::vector<double> squared_error_, absolute_error_;
};

/// Adds the users' rankings to `out`, which holds nothing or the errors of all of these users and
/// perhaps of others.
void add_rankings(UserRankings rankings, PerUserFigures& out);

}  // namespace latent
