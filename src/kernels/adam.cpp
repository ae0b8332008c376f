#include "src/kernels/adam.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "src/base/parallel.h"
#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

constexpr int64_t kChunk = 1 << 14;  // partial sums are added in chunk order

struct Constants {
  explicit Constants(const AdamStep& s)
      : keep_m(static_cast<float>(s.beta1)),
        take_m(static_cast<float>(1 - s.beta1)),
        keep_v(static_cast<float>(s.beta2)),
        take_v(static_cast<float>(1 - s.beta2)),
        decay(static_cast<float>(s.decay)),
        size(static_cast<float>(s.lr / (1 - std::pow(s.beta1, static_cast<double>(s.t))))),
        root(static_cast<float>(1 / std::sqrt(1 - std::pow(s.beta2, static_cast<double>(s.t))))),
        epsilon(static_cast<float>(s.epsilon)) {}
  float keep_m, take_m, keep_v, take_v, decay, size, root, epsilon;
};

/// Adds the squares to the sums of eight lanes, in double.
struct SquareSums {
  Double4 low = {}, high = {};
  LATENT_INLINE void add(const Float8& w) {
    const Double4 l = __builtin_convertvector(__builtin_shufflevector(w, w, 0, 1, 2, 3), Double4);
    const Double4 h = __builtin_convertvector(__builtin_shufflevector(w, w, 4, 5, 6, 7), Double4);
    low += l * l;
    high += h * h;
  }
  LATENT_INLINE double sum() const {
    const Double4 both = low + high;
    return (both[0] + both[2]) + (both[1] + both[3]);
  }
};

LATENT_INLINE Float8 step8(const Float8& w, const Float8& gradient, Float8& m, Float8& v,
                           const Constants& c) {
  const Float8 g = gradient + c.decay * w;
  m = c.keep_m * m + c.take_m * g;
  v = c.keep_v * v + c.take_v * (g * g);
  return w - c.size * m / (sqrt8(v) * c.root + c.epsilon);
}

/// Up to eight numbers, zero where there are none.
template <typename W>
LATENT_INLINE Float8 load_some(const W* at, int64_t n) {
  Float8 out = {};
  for (int64_t k = 0; k < n; ++k) out[k] = at[k];
  return out;
}

LATENT_INLINE void store_some(float* at, const Float8& v, int64_t n) {
  for (int64_t k = 0; k < n; ++k) at[k] = v[k];
}

LATENT_INLINE void store_some(BFloat16* at, const Float8& v, int64_t n) {
  BFloat16 all[8];
  store8(all, v);
  for (int64_t k = 0; k < n; ++k) at[k] = all[k];
}

template <typename W>
LATENT_INLINE double adam_chunk(W* w, float* g, float* m, float* v, int64_t n, const Constants c,
                                const Rounding rounding, int64_t entry) {
  SquareSums squares;
  int64_t k = 0;
  for (; k + 8 <= n; k += 8) {
    Float8 mk = load8(m + k), vk = load8(v + k);
    const Float8 next =
        kept8<W>(step8(load8(w + k), load8(g + k), mk, vk, c), rounding, entry + k);
    store8(w + k, next);
    store8(m + k, mk);
    store8(v + k, vk);
    store8(g + k, Float8{});
    squares.add(next);
  }
  if (k < n) {
    Float8 mk = load_some(m + k, n - k), vk = load_some(v + k, n - k);
    const Float8 next =
        kept8<W>(step8(load_some(w + k, n - k), load_some(g + k, n - k), mk, vk, c), rounding,
                 entry + k);
    store_some(w + k, next, n - k);
    store_some(m + k, mk, n - k);
    store_some(v + k, vk, n - k);
    store_some(g + k, Float8{}, n - k);
    squares.add(load_some(w + k, n - k));
  }
  return squares.sum();
}

template <typename W>
LATENT_INLINE double adam_rows(W* w, float* g, float* m, float* v, int64_t k,
                               const int32_t* rows, int64_t n, int32_t* stamp, int32_t now,
                               const Constants c, const Rounding rounding) {
  constexpr int64_t kAhead = 8;
  double grown = 0;
  for (int64_t at = 0; at < n; ++at) {
    const int64_t next = rows[std::min(at + kAhead, n - 1)] * k;
    __builtin_prefetch(w + next, 1);
    for (const float* table : {g, m, v}) __builtin_prefetch(table + next, 1);
    if (stamp[rows[at]] == now) continue;
    stamp[rows[at]] = now;
    const int64_t from = rows[at] * k;
    SquareSums before, after;
    for (int64_t f = from; f < from + k; f += 8) {
      const int64_t some = std::min<int64_t>(8, from + k - f);
      const bool whole = some == 8;
      const Float8 old = whole ? load8(w + f) : load_some(w + f, some);
      Float8 mk = whole ? load8(m + f) : load_some(m + f, some);
      Float8 vk = whole ? load8(v + f) : load_some(v + f, some);
      const Float8 gk = whole ? load8(g + f) : load_some(g + f, some);
      const Float8 next_w = kept8<W>(step8(old, gk, mk, vk, c), rounding, f);
      if (whole) {
        store8(w + f, next_w);
        store8(m + f, mk);
        store8(v + f, vk);
        store8(g + f, Float8{});
      } else {
        store_some(w + f, next_w, some);
        store_some(m + f, mk, some);
        store_some(v + f, vk, some);
        store_some(g + f, Float8{}, some);
      }
      before.add(old);
      after.add(whole ? load8(w + f) : load_some(w + f, some));
    }
    grown += after.sum() - before.sum();
  }
  return grown;
}

template <typename W>
LATENT_INLINE double square_chunk(const W* w, int64_t n) {
  SquareSums squares;
  int64_t k = 0;
  for (; k + 8 <= n; k += 8) squares.add(load8(w + k));
  if (k < n) squares.add(load_some(w + k, n - k));
  return squares.sum();
}

template <typename Fn>
double sum_of_chunks(int64_t n, int threads, const Fn& fn) {
  const int64_t chunks = ceil_div(n, kChunk);
  std::vector<double> partial(chunks);
  parallel_chunks(chunks, chunks < 4 ? 1 : threads,
                  [&](int64_t c) {  // few: not worth waking a thread
                    partial[c] = fn(c * kChunk, std::min(kChunk, n - c * kChunk));
                  });
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

}  // namespace

template <typename W>
double adam_step(const AdamTableOf<W>& table, int64_t n, const AdamStep& step, int threads,
                 const Rounding& rounding) {
  const Constants c(step);
  return sum_of_chunks(n, threads, [&](int64_t from, int64_t count) {
    return kernel<adam_chunk<W>>()(table.w + from, table.gradient + from, table.m + from,
                                   table.v + from, count, c, rounding, from);
  });
}

template <typename W>
double adam_step_rows(const AdamTableOf<W>& table, int64_t k, const int32_t* rows, int64_t n,
                      int32_t* stamp, const AdamStep& step, const Rounding& rounding) {
  return kernel<adam_rows<W>>()(table.w, table.gradient, table.m, table.v, k, rows, n, stamp,
                                static_cast<int32_t>(step.t), Constants(step), rounding);
}

void adam_step_plain(const AdamTable& table, int64_t n, const AdamStep& s) {
  const auto [w, gradient, m, v] = table;
  const auto t = static_cast<double>(s.t);
  for (int64_t k = 0; k < n; ++k) {
    const double g = gradient[k] + s.decay * w[k];
    const double mk = s.beta1 * m[k] + (1 - s.beta1) * g;
    const double vk = s.beta2 * v[k] + (1 - s.beta2) * g * g;
    m[k] = static_cast<float>(mk);
    v[k] = static_cast<float>(vk);
    const double m_hat = mk / (1 - std::pow(s.beta1, t)), v_hat = vk / (1 - std::pow(s.beta2, t));
    w[k] = static_cast<float>(w[k] - s.lr * m_hat / (std::sqrt(v_hat) + s.epsilon));
    gradient[k] = 0;
  }
}

// Plain loops in fixed chunks: torch's vector code rounds differently at the ends of each thread's
// range.
template <typename W>
void plain_step(const PlainTable<W>& table, int64_t n, const PlainStep& step, int threads,
                const Rounding& rounding) {
  const auto decay = static_cast<float>(step.decay), lr = static_cast<float>(step.lr);
  const auto epsilon = static_cast<float>(step.epsilon);
  W* const weight = table.w;
  float *const grad = table.gradient, *const sum = table.sum;
  parallel_chunks(ceil_div(n, kChunk), threads, [&](int64_t c) {
    for (int64_t k = c * kChunk; k < std::min(n, (c + 1) * kChunk); ++k) {
      const float full = grad[k] + decay * weight[k];
      if (sum != nullptr) {
        sum[k] += full * full;
        weight[k] =
            kept<W>(weight[k] - lr * full / (std::sqrt(sum[k]) + epsilon), rounding, k);
      } else {
        weight[k] = kept<W>(weight[k] - lr * full, rounding, k);
      }
      grad[k] = 0;
    }
  });
}

template <typename W>
double sum_of_squares(const W* w, int64_t n, int threads) {
  return sum_of_chunks(n, threads, [&](int64_t from, int64_t count) {
    return kernel<square_chunk<W>>()(w + from, count);
  });
}

template <typename W>
double sum_of_squares(W* w, const OwnedRows& numbers, int threads) {
  const int64_t n = numbers.shares.back(), chunks = ceil_div(n, kChunk);
  std::vector<int64_t> begins(chunks);
  for (int64_t c = 0; c < chunks; ++c) begins[c] = c * kChunk;
  const SharedArray heads{w, sizeof(W), heads_of(begins, numbers.shares)};
  numbers.peers->gather({&heads, 1});
  const Shares shares = chunk_shares(begins, numbers.shares);
  const Piece piece = piece_of(shares, numbers.peers->rank());
  const int64_t first = piece.begin, last = piece.end;
  std::vector<double> partial(chunks);
  parallel_chunks(last - first, last - first < 4 ? 1 : threads, [&](int64_t c) {
    const int64_t from = begins[first + c];
    partial[first + c] = kernel<square_chunk<W>>()(w + from, std::min(kChunk, n - from));
  });
  const SharedArray sums{partial.data(), sizeof(double), pieces_of(shares)};
  numbers.peers->gather({&sums, 1});
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

template double adam_step(const AdamTableOf<float>&, int64_t, const AdamStep&, int,
                          const Rounding&);
template double adam_step(const AdamTableOf<BFloat16>&, int64_t, const AdamStep&, int,
                          const Rounding&);
template double adam_step_rows(const AdamTableOf<float>&, int64_t, const int32_t*, int64_t,
                               int32_t*, const AdamStep&, const Rounding&);
template double adam_step_rows(const AdamTableOf<BFloat16>&, int64_t, const int32_t*, int64_t,
                               int32_t*, const AdamStep&, const Rounding&);
template void plain_step(const PlainTable<float>&, int64_t, const PlainStep&, int,
                         const Rounding&);
template void plain_step(const PlainTable<BFloat16>&, int64_t, const PlainStep&, int,
                         const Rounding&);
template double sum_of_squares(const float*, int64_t, int);
template double sum_of_squares(const BFloat16*, int64_t, int);
template double sum_of_squares(float*, const OwnedRows&, int);
template double sum_of_squares(BFloat16*, const OwnedRows&, int);

}  // namespace latent
