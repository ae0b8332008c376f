// Surprise's SVD by stochastic gradient descent, in place on plain tables: the exact twin and the
// fast one.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/data/interactions.h"

namespace latent {

/// r = mean + b_u + b_i + q_i . p_u; learning rate and penalty for each group (Surprise's lr_bu ...
/// reg_qi).
struct SvdRates {
  double lr_bu, lr_bi, lr_pu, lr_qi;
  double reg_bu, reg_bi, reg_pu, reg_qi;
  bool biased;  ///< false: no mean and no biases
};

/// Tables with rows of `stride` numbers, of which the first `factors` count; the rest stay zero.
template <typename T>
struct SvdTables {
  SvdTables(int32_t users, int32_t items, int32_t factors, int32_t stride)
      : factors(factors),
        stride(stride),
        bu(users),
        bi(items),
        p(int64_t{users} * stride),
        q(int64_t{items} * stride) {}
  int32_t factors, stride;
  T mean = 0;
  std::vector<T> bu, bi;  // [U], [I]
  Table<T> p, q;          // [U, stride], [I, stride]
};

/// One pass over `rows` in their order, in double, one thread: what Surprise computes, operation by
/// operation. Returns the mean squared error met on the way.
double svd_epoch_exact(SvdTables<double>& tables, const Interactions& rows, const SvdRates& rates);

/// Ratings cut into blocks of a user stripe and an item stripe, all stripes of about equal weight.
/// Blocks that share neither run in parallel without a conflict (Gemulla et al., KDD 2011), blocks
/// that share one run in a fixed order: the result does not depend on the number of threads, and no
/// update is lost. Eight workers take a few users each through all items, the items' stripes
/// turning among them; then the next users come. So users' rows come from memory once an epoch, and
/// the popular items' rows stay in the caches.
class SvdBlocks {
 public:
  SvdBlocks(const Interactions& rows, int32_t users, int32_t items, uint64_t seed);

  /// One pass in float over all rows, sweeps in an order drawn for `epoch`; returns the mean
  /// squared error met on the way. At most kWorkers threads have work.
  double epoch(SvdTables<float>& tables, const SvdRates& rates, int64_t epoch, int threads) const;

  static constexpr int kWorkers = 8, kItemStripes = 2 * kWorkers;

 private:
  struct Rating {
    int32_t user, item;
    float rating;
  };
  static constexpr int64_t kSweepRatings = 32768;  // of a sweep's users, about
  static constexpr int kMostSweeps = 1024;

  uint64_t seed_;
  int sweeps_;  // each with kWorkers user stripes
  Table<Rating> rows_;
  std::vector<int64_t> start_;  // [user stripes * item stripes + 1]
};

/// The least multiple of a vector's length that holds `factors` floats.
inline int32_t svd_stride(int32_t factors) { return (factors + 7) / 8 * 8; }

}  // namespace latent
