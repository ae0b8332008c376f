#include "src/solve/svd_sgd.h"

#include <algorithm>
#include <numeric>

#include "src/base/parallel.h"
#include "src/base/rng.h"
#include "src/solve/stripes.h"

namespace latent {

namespace {

constexpr int64_t kAhead = 8;  // ratings between a prefetch and its use

/// One rating's step on padded rows; returns the squared error. Eight lanes of sums let the
/// compiler use vectors.
template <typename T>
inline T update(T* p, T* q, T& bu, T& bi, T mean, T rating, int32_t stride, T lr_bu, T lr_bi,
                T lr_pu, T lr_qi, T reg_bu, T reg_bi, T reg_pu, T reg_qi, bool biased) {
  T acc[16] = {};
  int32_t f = 0;
  for (; f + 16 <= stride; f += 16) {
    for (int lane = 0; lane < 16; ++lane) acc[lane] += p[f + lane] * q[f + lane];
  }
  for (; f < stride; f += 8) {
    for (int lane = 0; lane < 8; ++lane) acc[lane] += p[f + lane] * q[f + lane];
  }
  T dot = 0;
  for (int lane = 0; lane < 8; ++lane) dot += acc[lane] + acc[lane + 8];
  const T error = rating - (mean + bu + bi + dot);
  if (biased) {
    bu += lr_bu * (error - reg_bu * bu);
    bi += lr_bi * (error - reg_bi * bi);
  }
  for (f = 0; f < stride; ++f) {
    const T pf = p[f], qf = q[f];
    p[f] = pf + lr_pu * (error * qf - reg_pu * pf);
    q[f] = qf + lr_qi * (error * pf - reg_qi * qf);
  }
  return error * error;
}

struct FloatRates {
  explicit FloatRates(const SvdRates& r)
      : lr_bu(static_cast<float>(r.lr_bu)),
        lr_bi(static_cast<float>(r.lr_bi)),
        lr_pu(static_cast<float>(r.lr_pu)),
        lr_qi(static_cast<float>(r.lr_qi)),
        reg_bu(static_cast<float>(r.reg_bu)),
        reg_bi(static_cast<float>(r.reg_bi)),
        reg_pu(static_cast<float>(r.reg_pu)),
        reg_qi(static_cast<float>(r.reg_qi)),
        biased(r.biased) {}
  float lr_bu, lr_bi, lr_pu, lr_qi, reg_bu, reg_bi, reg_pu, reg_qi;
  bool biased;
};

/// All ratings of a block, in their order. Built for the processors that have wide vectors beside
/// the plain version.
template <typename Rating>
inline double block_pass(const Rating* rows, int64_t n, SvdTables<float>& t, const FloatRates& r) {
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) {
    if (k + kAhead < n) {
      const float* next = t.q.data() + int64_t{rows[k + kAhead].item} * t.stride;
      for (int32_t f = 0; f < t.stride; f += 16) __builtin_prefetch(next + f, 1);
    }
    const auto [u, i, rating] = rows[k];
    sum += update(t.p.data() + int64_t{u} * t.stride, t.q.data() + int64_t{i} * t.stride, t.bu[u],
                  t.bi[i], t.mean, rating, t.stride, r.lr_bu, r.lr_bi, r.lr_pu, r.lr_qi, r.reg_bu,
                  r.reg_bi, r.reg_pu, r.reg_qi, r.biased);
  }
  return sum;
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LATENT_WIDE_VECTORS __attribute__((target_clones("arch=haswell", "default"), flatten))
#else
#define LATENT_WIDE_VECTORS
#endif

}  // namespace

double svd_epoch_exact(SvdTables<double>& t, const Interactions& rows, const SvdRates& r) {
  double sum = 0;
  const double mean = r.biased ? t.mean : 0;
  for (int64_t n = 0; n < rows.size(); ++n) {
    const int32_t u = rows.user[n], i = rows.item[n];
    double* const p = t.p.data() + int64_t{u} * t.stride;
    double* const q = t.q.data() + int64_t{i} * t.stride;
    double dot = 0;
    for (int32_t f = 0; f < t.factors; ++f) dot += q[f] * p[f];
    const double error = rows.rating[n] - (mean + t.bu[u] + t.bi[i] + dot);
    if (r.biased) {
      t.bu[u] += r.lr_bu * (error - r.reg_bu * t.bu[u]);
      t.bi[i] += r.lr_bi * (error - r.reg_bi * t.bi[i]);
    }
    for (int32_t f = 0; f < t.factors; ++f) {
      const double pf = p[f], qf = q[f];
      p[f] += r.lr_pu * (error * qf - r.reg_pu * pf);
      q[f] += r.lr_qi * (error * pf - r.reg_qi * qf);
    }
    sum += error * error;
  }
  return sum / static_cast<double>(rows.size());
}

SvdBlocks::SvdBlocks(const Interactions& rows, int32_t users, int32_t items, uint64_t seed)
    : seed_(seed), rows_(rows.size()), start_(kStripes * kStripes + 1) {
  std::vector<int64_t> per_user(users), per_item(items);
  for (int64_t n = 0; n < rows.size(); ++n) {
    ++per_user[rows.user[n]];
    ++per_item[rows.item[n]];
  }
  const Rng rng(seed);
  const auto user_stripe = stripes_of(per_user, kStripes, rng.stream("user stripes"));
  const auto item_stripe = stripes_of(per_item, kStripes, rng.stream("item stripes"));
  const auto block_of = [&](int64_t n) {
    return user_stripe[rows.user[n]] * kStripes + item_stripe[rows.item[n]];
  };
  // Shuffled, then by block and user: a user's row stays in the nearest cache while its ratings
  // pass.
  std::vector<int64_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, rng.stream("block order"));
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    const int x = block_of(a), y = block_of(b);
    return x != y ? x < y : rows.user[a] < rows.user[b];
  });
  for (int64_t n = 0; n < rows.size(); ++n) {
    const int64_t from = order[n];
    rows_[n] = {rows.user[from], rows.item[from], rows.rating[from]};
    ++start_[block_of(from) + 1];
  }
  std::partial_sum(start_.begin(), start_.end(), start_.begin());
}

std::span<const SvdBlocks::Rating> SvdBlocks::block(int user_stripe, int item_stripe) const {
  const int b = user_stripe * kStripes + item_stripe;
  return {rows_.data() + start_[b], static_cast<size_t>(start_[b + 1] - start_[b])};
}

namespace {

template <typename Rating>
LATENT_WIDE_VECTORS double wide_block_pass(const Rating* rows, int64_t n, SvdTables<float>& t,
                                           const FloatRates& r) {
  return block_pass(rows, n, t, r);
}

}  // namespace

double SvdBlocks::epoch(SvdTables<float>& tables, const SvdRates& rates, int64_t epoch,
                        int threads) const {
  const FloatRates r(rates);
  std::vector<int> diagonals(kStripes);
  std::iota(diagonals.begin(), diagonals.end(), 0);
  shuffle(diagonals, Rng(seed_).stream("diagonals", epoch));
  std::vector<double> sums(kStripes);
  double sum = 0;
  for (const int d : diagonals) {
    parallel_chunks(kStripes, threads, [&](int64_t s) {
      const auto rows = block(static_cast<int>(s), static_cast<int>((s + d) % kStripes));
      sums[s] = wide_block_pass(rows.data(), static_cast<int64_t>(rows.size()), tables, r);
    });
    sum = std::accumulate(sums.begin(), sums.end(), sum);
  }
  return sum / static_cast<double>(rows_.size());
}

}  // namespace latent
