#include "src/solve/svd_sgd.h"

#include <algorithm>
#include <numeric>

#include "src/base/counting_sort.h"
#include "src/base/rng.h"
#include "src/kernels/wide_vectors.h"
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

/// One rating's step on rows of `vectors` vectors; returns the squared error. Asks for the rows of
/// a later rating, line by line between the updates: all at once they would fill the processor's
/// queue of misses and stop it.
LATENT_INLINE float step(float* p, float* q, const float* next_p, const float* next_q, float& bu,
                         float& bi, float mean, float rating, int vectors, const FloatRates& r) {
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
    __builtin_prefetch(v % 2 == 0 ? next_q + 8 * v : next_p + 8 * (v - 1), 1);
    const Float8 pv = load8(p + 8 * v), qv = load8(q + 8 * v);
    store8(p + 8 * v, p_keep * pv + p_move * qv);
    store8(q + 8 * v, q_keep * qv + q_move * pv);
  }
  __builtin_prefetch(next_q + 8 * vectors - 1, 1);
  __builtin_prefetch(next_p + 8 * vectors - 1, 1);
  return error * error;
}

/// All ratings of a block, in their order. kVectors: the stride in vectors of eight, or 0 to read
/// it from `t`.
template <int kVectors, typename Rating>
LATENT_INLINE double block_pass(const Rating* rows, int64_t n, SvdTables<float>& t,
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
    const auto [u, i, rating] = rows[k];
    const Rating& next = rows[std::min(k + kAhead, n - 1)];
    __builtin_prefetch(bi + next.item, 1);
    sum += step(p + u * stride, q + i * stride, p + next.user * stride, q + next.item * stride,
                bu[u], bi[i], mean, rating, vectors, r);
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
    : seed_(seed),
      sweeps_(static_cast<int>(std::clamp<int64_t>(rows.size() / kSweepRatings, 1, kMostSweeps))),
      rows_(rows.size()) {
  std::vector<int64_t> per_user(users), per_item(items);
  for (int64_t n = 0; n < rows.size(); ++n) {
    ++per_user[rows.user[n]];
    ++per_item[rows.item[n]];
  }
  const Rng rng(seed);
  const auto user_stripe = stripes_of(per_user, sweeps_ * kWorkers, rng.stream("user stripes"));
  const auto item_stripe = stripes_of(per_item, kItemStripes, rng.stream("item stripes"));
  const auto block_of = [&](int64_t n) {
    return user_stripe[rows.user[n]] * kItemStripes + item_stripe[rows.item[n]];
  };
  start_ = group_starts(rows.size(), int64_t{sweeps_} * kWorkers * kItemStripes, block_of);
  // By user, then by block: in a block a user's row stays in the nearest cache while its ratings
  // pass.
  std::vector<int64_t> of_user(users + 1);
  std::partial_sum(per_user.begin(), per_user.end(), of_user.begin() + 1);
  Table<uint32_t> by_user(rows.size());
  place_rows(
      of_user, rows.size(), [&](int64_t n) { return rows.user[n]; },
      [&](int64_t n, int64_t place) { by_user[place] = static_cast<uint32_t>(n); },
      [&](int64_t n, const auto& next) { __builtin_prefetch(&by_user[next[rows.user[n]]], 1); });
  place_rows(
      start_, rows.size(), [&](int64_t k) { return block_of(by_user[k]); },
      [&](int64_t k, int64_t place) {
        const uint32_t n = by_user[k];
        rows_[place] = {rows.user[n], rows.item[n], rows.rating[n]};
      },
      [&](int64_t k, const auto&) {
        const uint32_t n = by_user[k];
        __builtin_prefetch(&rows.user[n]);
        __builtin_prefetch(&rows.item[n]);
        __builtin_prefetch(&rows.rating[n]);
      });
}

namespace {

/// block_pass for a stride; the constants are those of 20, 50, 64, 100 and 128 factors.
template <typename Rating>
auto block_pass_of(int32_t stride) {
  switch (stride) {
    case 24:
      return kernel<block_pass<3, Rating>>();
    case 56:
      return kernel<block_pass<7, Rating>>();
    case 64:
      return kernel<block_pass<8, Rating>>();
    case 104:
      return kernel<block_pass<13, Rating>>();
    case 128:
      return kernel<block_pass<16, Rating>>();
    default:
      return kernel<block_pass<0, Rating>>();
  }
}

}  // namespace

double SvdBlocks::epoch(SvdTables<float>& tables, const SvdRates& rates, int64_t epoch,
                        int threads) const {
  std::vector<int> sweeps(sweeps_);
  std::iota(sweeps.begin(), sweeps.end(), 0);
  shuffle(sweeps, Rng(seed_).stream("sweeps", epoch));
  const auto first_item = static_cast<int>(Rng(seed_).stream("first", epoch).below(kItemStripes));
  OrderedTasks tasks(sweeps_ * kWorkers + kItemStripes);
  std::vector<int> blocks;
  for (const int sweep : sweeps) {
    for (int turn = 0; turn < kItemStripes; ++turn) {
      for (int worker = 0; worker < kWorkers; ++worker) {
        // Two apart, so that a worker may run one block ahead of its neighbour.
        const int user_stripe = sweep * kWorkers + worker;
        const int item_stripe = (first_item + turn + 2 * worker) % kItemStripes;
        tasks.add({user_stripe, sweeps_ * kWorkers + item_stripe});
        blocks.push_back(user_stripe * kItemStripes + item_stripe);
      }
    }
  }
  const auto pass = block_pass_of<Rating>(tables.stride);
  std::vector<double> sums(blocks.size());
  tasks.run(threads, [&](int64_t task) {
    const int64_t from = start_[blocks[task]], to = start_[blocks[task] + 1];
    sums[task] = pass(rows_.data() + from, to - from, tables, FloatRates(rates));
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(rows_.size());
}

}  // namespace latent
