// Alternating least squares for implicit feedback: every pair counts, and each half is solved
// exactly.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/base/peers.h"

namespace latent {

/// Observed pairs by one of their sides, with a weight each.
struct WeightedRows {
  std::vector<int64_t> start;  // [R + 1]
  std::vector<int32_t> column;
  std::vector<float> weight;  // one a pair; empty: all 1

  int64_t rows() const { return static_cast<int64_t>(start.size()) - 1; }
  int64_t count(int64_t row) const { return start[row + 1] - start[row]; }
  /// By the other side, of which there are `columns`.
  WeightedRows transposed(int64_t columns) const;
};

/// What is minimised over w_u, h_i, with s = w_u . h_i:
///
/// form ials (Rendle, Krichene, Zhang & Koren, "Revisiting the performance of iALS on item
/// recommendation benchmarks", RecSys 2022, eq. 1 and 2): sum over observed (s - 1)^2
///   + alpha0 sum over all pairs s^2
///   + reg (sum_u (|I_u| + alpha0 |I|)^nu |w_u|^2 + sum_i (|U_i| + alpha0 |U|)^nu |h_i|^2);
///
/// form implicit (Hu, Koren & Volinsky, ICDM 2008): sum over all pairs c (p - s)^2
///   + reg (sum_u |w_u|^2 + sum_i |h_i|^2), where c = alpha |weight|, p = 1 for observed pairs (p =
///   0 where the weight is not positive) and c = 1, p = 0 for all others.
struct IalsProblem {
  bool implicit_form;
  double alpha0, reg, nu;  ///< alpha0 and nu: form ials alone
  double alpha;            ///< form implicit alone
};

/// Turns a symmetric matrix [d, d] into its eigenvectors, one in each column, and fills values [d].
using SymmetricEigen = std::function<void(int d, double* matrix, double* values)>;

/// Solves in the eigenbasis of the fixed side's Gram matrix, where what all rows share is diagonal:
/// a row with n < d pairs then takes an n x n system (Woodbury), any other a d x d one. The same
/// bits for any number of threads, and of ranks: each solves rows of its own, and all have
/// the whole tables.
class IalsSolver {
 public:
  /// `observed` [U rows, columns below `items`]; form ials has no use for its weights.
  IalsSolver(WeightedRows observed, int64_t items, int factors, const IalsProblem& problem,
             SymmetricEigen eigen, int threads, Peers& peers = alone());

  /// Tables [U, d] and [I, d] in, as iterations start from the items' alone; and out. An iteration
  /// leaves both turned by one orthogonal matrix, which no score sees.
  void load(const float* users, const float* items);
  void store(float* users, float* items) const;

  /// The users' half, then the items'; returns the objective after that. Throws Error naming the
  /// knobs where the Gram matrix with its penalty is not positive definite, and where the factors
  /// are not finite.
  double iterate();

  /// What to do where it does not converge: "raise ials.reg (now 0.01)", and in form implicit the
  /// confidences' factor too.
  std::string remedy() const;

 private:
  struct Half {
    const WeightedRows& rows;
    Table<float>& solved;
    Table<float>& fixed;
    int64_t fixed_rows;
  };
  /// Rows solved together: by lanes in the order of their counts, or alone.
  struct Batch {
    int64_t first = 0;  ///< in Plan::rows
    int lanes = 0;
    bool few = false;
  };
  /// The rows that have pairs, in the order in which they are solved.
  struct Plan {
    std::vector<int32_t> rows;
    std::vector<Batch> batches;
  };
  /// What all rows share: eigenvalues of the Gram matrix times the weight of all pairs.
  struct Spectrum {
    std::vector<float> values;  ///< [stride]
    double lowest, highest;
  };

  /// Returns the part of the objective that the solved rows have: all but the others' penalty.
  double solve(const Half& half);
  /// Turns the fixed side into the eigenbasis of its Gram matrix.
  Spectrum into_eigenbasis(const Half& half);
  /// Zeroes the rows without pairs on its way.
  Plan plan_of(const Half& half) const;
  bool has_few(const WeightedRows& rows, int32_t row) const;
  void require_definite(const Spectrum& shared, const Plan& plan, const Half& half) const;
  /// The rows of a batch come from all over the fixed table.
  void prefetch(const Half& half, const Plan& plan, int64_t batch) const;
  /// Brings the rows that each rank has solved, the tasks of `shares`, to all.
  void share_solved(const Half& half, const Plan& plan, const std::vector<int64_t>& tasks,
                    const Shares& shares, std::vector<double>& objectives) const;
  double penalty_of(const WeightedRows& rows, int64_t row, int64_t others) const;
  /// sum over rows of penalty |row|^2.
  double penalty(const WeightedRows& rows, const Table<float>& table, int64_t others) const;

  WeightedRows by_user_, by_item_;
  int64_t items_;
  int factors_, stride_;
  IalsProblem problem_;
  SymmetricEigen eigen_;
  int threads_;
  Peers& peers_;
  Table<float> users_, items_table_;  // [U, stride], [I, stride]
};

}  // namespace latent
