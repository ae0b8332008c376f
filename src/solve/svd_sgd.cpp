#include "src/solve/svd_sgd.h"

#include <numeric>

#include "src/base/rng.h"
#include "src/base/wide_vectors.h"
#include "src/solve/stripes.h"

namespace latent {

namespace {

constexpr int64_t kAhead = 8;  // ratings between a prefetch and its use

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

/// One rating's step on rows of `vectors` vectors; returns the squared error.
LATENT_INLINE float step(float* p, float* q, float& bu, float& bi, float mean, float rating,
                         int vectors, const FloatRates& r) {
  Float8 a = {}, b = {}, c = {}, d = {};  // four chains of sums: one would wait for itself
  int v = 0;
#pragma GCC unroll 8
  for (; v + 4 <= vectors; v += 4) {
    a += load8(p + 8 * v) * load8(q + 8 * v);
    b += load8(p + 8 * v + 8) * load8(q + 8 * v + 8);
    c += load8(p + 8 * v + 16) * load8(q + 8 * v + 16);
    d += load8(p + 8 * v + 24) * load8(q + 8 * v + 24);
  }
#pragma GCC unroll 4
  for (; v < vectors; ++v) a += load8(p + 8 * v) * load8(q + 8 * v);
  const float error = rating - (mean + bu + bi + sum8((a + b) + (c + d)));
  if (r.biased) {
    bu += r.lr_bu * (error - r.reg_bu * bu);
    bi += r.lr_bi * (error - r.reg_bi * bi);
  }
  const float p_keep = 1 - r.lr_pu * r.reg_pu, p_move = r.lr_pu * error;
  const float q_keep = 1 - r.lr_qi * r.reg_qi, q_move = r.lr_qi * error;
#pragma GCC unroll 16
  for (v = 0; v < vectors; ++v) {
    const Float8 pv = load8(p + 8 * v), qv = load8(q + 8 * v);
    store8(p + 8 * v, p_keep * pv + p_move * qv);
    store8(q + 8 * v, q_keep * qv + q_move * pv);
  }
  return error * error;
}

LATENT_INLINE void prefetch_row(const float* row, int32_t stride) {
  for (int32_t f = 0; f < stride; f += 16) __builtin_prefetch(row + f, 1);
  __builtin_prefetch(row + stride - 1, 1);
}

/// All ratings of a block, in their order. kVectors: the stride in vectors of eight, or 0 to read
/// it from `t`.
template <int kVectors, typename Rating>
LATENT_WIDE_VECTORS double block_pass(const Rating* rows, int64_t n, SvdTables<float>& t,
                                      const FloatRates r) {
  const int vectors = kVectors > 0 ? kVectors : t.stride / 8;
  const int64_t stride = vectors * 8;
  float* const p = t.p.data();
  float* const q = t.q.data();
  float* const bu = t.bu.data();
  float* const bi = t.bi.data();
  const float mean = r.biased ? t.mean : 0;
  double sum = 0;
  for (int64_t k = 0; k < n; ++k) {
    if (k + kAhead < n) {
      const Rating& next = rows[k + kAhead];
      prefetch_row(q + next.item * stride, static_cast<int32_t>(stride));
      __builtin_prefetch(bi + next.item, 1);
      if (next.user != rows[k + kAhead - 1].user) {
        prefetch_row(p + next.user * stride, static_cast<int32_t>(stride));
        __builtin_prefetch(bu + next.user, 1);
      }
    }
    const auto [u, i, rating] = rows[k];
    sum += step(p + u * stride, q + i * stride, bu[u], bi[i], mean, rating, vectors, r);
  }
  return sum;
}

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
  // By user, then by block: in a block a user's row stays in the nearest cache while its ratings
  // pass.
  std::vector<int64_t> at(users + 1);
  std::partial_sum(per_user.begin(), per_user.end(), at.begin() + 1);
  std::vector<Rating> by_user(rows.size());
  for (int64_t n = 0; n < rows.size(); ++n) {
    const int32_t u = rows.user[n], i = rows.item[n];
    by_user[at[u]++] = {u, i, rows.rating[n]};
    ++start_[user_stripe[u] * kStripes + item_stripe[i] + 1];
  }
  std::partial_sum(start_.begin(), start_.end(), start_.begin());
  std::vector<int64_t> place(start_.begin(), start_.end() - 1);
  for (const Rating& r : by_user)
    rows_[place[user_stripe[r.user] * kStripes + item_stripe[r.item]]++] = r;
}

std::span<const SvdBlocks::Rating> SvdBlocks::block(int user_stripe, int item_stripe) const {
  const int b = user_stripe * kStripes + item_stripe;
  return {rows_.data() + start_[b], static_cast<size_t>(start_[b + 1] - start_[b])};
}

namespace {

/// block_pass for a stride; the constants are those of 20, 50, 64, 100 and 128 factors.
template <typename Rating>
auto block_pass_of(int32_t stride) {
  switch (stride) {
    case 24:
      return &block_pass<3, Rating>;
    case 56:
      return &block_pass<7, Rating>;
    case 64:
      return &block_pass<8, Rating>;
    case 104:
      return &block_pass<13, Rating>;
    case 128:
      return &block_pass<16, Rating>;
    default:
      return &block_pass<0, Rating>;
  }
}

}  // namespace

double SvdBlocks::epoch(SvdTables<float>& tables, const SvdRates& rates, int64_t epoch,
                        int threads) const {
  std::vector<int> diagonals(kStripes);
  std::iota(diagonals.begin(), diagonals.end(), 0);
  shuffle(diagonals, Rng(seed_).stream("diagonals", epoch));
  OrderedTasks tasks(2 * kStripes);
  for (const int d : diagonals) {
    for (int s = 0; s < kStripes; ++s) tasks.add({s, kStripes + (s + d) % kStripes});
  }
  const auto pass = block_pass_of<Rating>(tables.stride);
  std::vector<double> sums(tasks.size());
  tasks.run(threads, [&](int64_t task) {
    const auto s = static_cast<int>(task % kStripes);
    const auto rows = block(s, (s + diagonals[task / kStripes]) % kStripes);
    sums[task] = pass(rows.data(), static_cast<int64_t>(rows.size()), tables, FloatRates(rates));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(rows_.size());
}

}  // namespace latent
