// Small symmetric systems in double: the normal equations of one user's vector.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// A x = b for a symmetric positive definite A [d, d], to which rows and a diagonal are added.
class Ridge {
 public:
  explicit Ridge(int d) : d_(d), a_(static_cast<size_t>(d) * d) {}

  int size() const { return d_; }
  double& at(int i, int j) { return a_[static_cast<size_t>(i) * d_ + j]; }  ///< j <= i

  /// A += weight v v^T.
  void add(const double* v, double weight) {
    for (int i = 0; i < d_; ++i) {
      double* const row = &a_[static_cast<size_t>(i) * d_];
      const double scaled = weight * v[i];
      for (int j = 0; j <= i; ++j) row[j] += scaled * v[j];
    }
  }

  /// Raises each diagonal entry by a millionth of their mean, so that there is a solution where
  /// few rows and no penalty leave directions open.
  void close() {
    double mean = 0;
    for (int i = 0; i < d_; ++i) mean += at(i, i) / d_;
    for (int i = 0; i < d_; ++i) at(i, i) += 1e-6 * mean + 1e-30;
  }

  /// A = L L^T, in place; once everything is added.
  void factorise() {
    for (int j = 0; j < d_; ++j) {
      double* const pivot_row = &a_[static_cast<size_t>(j) * d_];
      for (int k = 0; k < j; ++k) {
        const double* const above = &a_[static_cast<size_t>(k) * d_];
        double sum = pivot_row[k];
        for (int m = 0; m < k; ++m) sum -= pivot_row[m] * above[m];
        pivot_row[k] = sum / above[k];
      }
      double pivot = pivot_row[j];
      for (int k = 0; k < j; ++k) pivot -= pivot_row[k] * pivot_row[k];
      pivot_row[j] = std::sqrt(std::max(pivot, 1e-300));
    }
  }

  /// x <- A^-1 x, after factorise().
  void solve(double* x) const {
    for (int i = 0; i < d_; ++i) {
      const double* const row = &a_[static_cast<size_t>(i) * d_];
      for (int k = 0; k < i; ++k) x[i] -= row[k] * x[k];
      x[i] /= row[i];
    }
    for (int i = d_; i-- > 0;) {
      const double* const row = &a_[static_cast<size_t>(i) * d_];
      x[i] /= row[i];
      for (int k = 0; k < i; ++k) x[k] -= row[k] * x[i];
    }
  }

 private:
  int d_;
  std::vector<double> a_;  // the lower triangle, by row
};

}  // namespace latent
