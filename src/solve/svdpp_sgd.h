// Surprise's SVD++ by stochastic gradient descent, in place on plain tables: the exact twin and the
// fast one (Koren, "Factorization meets the neighborhood", KDD 2008).
#pragma once

#include "src/solve/svd_sgd.h"

namespace latent {

/// r = mean + b_u + b_i + q_i . (p_u + sum over the rows of u of y_j / sqrt(count)).
struct SvdppRates : SvdRates {  ///< with biases, whatever `biased` says
  double lr_yj, reg_yj;
};

template <typename T>
struct SvdppTables : SvdTables<T> {
  SvdppTables(int32_t users, int32_t items, int32_t factors, int32_t stride)
      : SvdTables<T>(users, items, factors, stride), y(int64_t{items} * stride) {}
  Table<T> y;  // [I, stride]
};

/// One pass over `rows` in their order, in which a user's stand together, in double, one thread:
/// what Surprise computes, operation by operation; each rating moves y_j of all the user's rows.
/// Returns the mean squared error met on the way.
double svdpp_epoch_exact(SvdppTables<double>& tables, const Interactions& rows,
                         const SvdppRates& rates);

/// The same in float and in time that grows with the ratings alone, where no user has an item
/// twice: what a user's ratings do to y_j is linear in y_j, so their sum is followed and every y_j
/// moved once, after the user's last rating. The tables' stride is svd_stride().
double svdpp_epoch(SvdppTables<float>& tables, const Interactions& rows, const SvdppRates& rates);

/// p_u with the implicit part, [U, K] into rows of `factors` numbers; p_u alone for a user without
/// rows. `rows` as above.
template <typename T>
void fold_implicit(const SvdppTables<T>& tables, const Interactions& rows, T* users);

}  // namespace latent
