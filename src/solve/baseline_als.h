// Biases of users and items by alternating least squares.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/data/interactions.h"

namespace latent {

struct BaselineTerms {
  double mean;          ///< to which biases are added
  double reg_u, reg_i;  ///< penalties
};

/// Surprise's BaselineOnly: minimises sum (r - mean - b_u - b_i)^2 + reg_u sum b_u^2 +
/// reg_i sum b_i^2 over users and items with rows, each bias in turn exactly (Koren, "Factor in the
/// neighbors", 2010, section 2.1). In double; every sum runs in row order, so the result does not
/// depend on the number of threads.
class BaselineAls {
 public:
  BaselineAls(const Interactions& rows, int32_t users, int32_t items,
              const BaselineTerms& terms, int threads);

  /// All item biases [I], then all user biases [U]; returns the mean squared error after that.
  double epoch(double* user_bias, double* item_bias) const;

 private:
  /// Rows by one of their sides: who is at the other one, and the rating.
  struct Side {
    Side(std::span<const int32_t> own, std::span<const int32_t> other,
         std::span<const float> rating, int32_t count);
    std::vector<int64_t> start;  // [count + 1]
    std::vector<int32_t> other;
    std::vector<float> rating;
  };
  void solve(const Side& side, const double* others, double reg, double* own) const;

  Side by_user_, by_item_;
  BaselineTerms terms_;
  int threads_;
};

}  // namespace latent
