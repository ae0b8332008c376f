#include "src/kernels/pair_kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <type_traits>

#include "src/base/parallel.h"
#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

constexpr int64_t kChunk = 4096;  // samples, about; part of the order of sums
constexpr int64_t kAhead = 12;    // samples between a prefetch and its use
constexpr int64_t kTogether = 32;  // samples whose losses are computed at once

/// Eight partial sums: the compiler may use vectors without being allowed to reorder.
template <typename T, typename F>
LATENT_INLINE T dot(const F* a, const F* b, int64_t k) {
  T acc[8] = {};
  int64_t n = 0;
  for (; n + 8 <= k; n += 8) {
    for (int lane = 0; lane < 8; ++lane) acc[lane] += a[n + lane] * b[n + lane];
  }
  T sum = ((acc[0] + acc[4]) + (acc[1] + acc[5])) + ((acc[2] + acc[6]) + (acc[3] + acc[7]));
  for (; n < k; ++n) sum += a[n] * b[n];
  return sum;
}

template <typename T>
LATENT_INLINE void fetch(const T* table, int64_t row, int64_t k) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t n = 0; n < k; n += kLine) __builtin_prefetch(table + row * k + n);
}

/// kFactors: K, or 0 to read it from the tables.
template <typename T, typename F, int kFactors>
LATENT_INLINE double squared_errors_of(const Tables<const T, const F> t, const SortedPairs<T> s,
                                       int64_t from, int64_t to, T* weight, T* user_sum) {
  const int64_t k = kFactors > 0 ? kFactors : t.factors;
  double loss = 0;
  for (int64_t b = from; b < to;) {
    const int32_t u = s.users[b];
    const F* const p = t.gamma_user + u * k;
    const T base = t.base(u);
    T* const sum = user_sum + b * k;
    std::fill(sum, sum + k, T{0});
    for (; b < to && s.users[b] == u; ++b) {
      const int64_t later = s.items[std::min(b + kAhead, s.size - 1)], i = s.items[b];
      fetch(t.gamma_item, later, k);
      __builtin_prefetch(t.beta_item + later);
      const F* const q = t.gamma_item + i * k;
      const T error = base + t.beta_item[i] + dot<T>(p, q, k) - s.ratings[b];
      weight[b] = error;
      loss += double{error} * error;
      for (int64_t n = 0; n < k; ++n) sum[n] += error * q[n];
    }
  }
  return loss;
}

/// Losses and derivatives of `n` differences, at most kTogether.
LATENT_INLINE double losses_of(const float* x, int64_t n, float* weight) {
  float softplus[kTogether], padded[kTogether] = {}, derivative[kTogether];
  std::copy_n(x, n, padded);
  for (int64_t m = 0; m < n; m += 8) {
    Float8 loss, falling;
    softplus_of_minus8(load8(padded + m), loss, falling);
    store8(softplus + m, loss);
    store8(derivative + m, -falling);
  }
  std::copy_n(derivative, n, weight);
  return std::accumulate(softplus, softplus + n, 0.0);
}

LATENT_INLINE double losses_of(const double* x, int64_t n, double* weight) {
  double sum = 0;
  for (int64_t m = 0; m < n; ++m) {
    sum += std::log1p(std::exp(-std::abs(x[m]))) + std::max(-x[m], 0.0);
    weight[m] = -1 / (1 + std::exp(x[m]));
  }
  return sum;
}

template <typename T, typename F, int kFactors>
LATENT_INLINE double pair_losses_of(const Tables<const T, const F> t, const SortedPairs<T> s,
                                    int64_t from, int64_t to, T* weight, T* user_sum) {
  const int64_t k = kFactors > 0 ? kFactors : t.factors;
  double loss = 0;
  T* sum = nullptr;
  for (int64_t first = from; first < to; first += kTogether) {
    const int64_t end = std::min(first + kTogether, to);
    T x[kTogether];
    for (int64_t b = first; b < end; ++b) {
      const int64_t later = std::min(b + kAhead, s.size - 1), i = s.items[b], j = s.negatives[b];
      for (const int64_t row : {s.items[later], s.negatives[later]}) {
        fetch(t.gamma_item, row, k);
        __builtin_prefetch(t.beta_item + row);
      }
      const F* const p = t.gamma_user + s.users[b] * k;
      x[b - first] = (t.beta_item[i] + dot<T>(p, t.gamma_item + i * k, k)) -
                     (t.beta_item[j] + dot<T>(p, t.gamma_item + j * k, k));
    }
    loss += losses_of(x, end - first, weight + first);
    for (int64_t b = first; b < end; ++b) {
      if (b == from || s.users[b] != s.users[b - 1]) {
        sum = user_sum + b * k;
        std::fill(sum, sum + k, T{0});
      }
      const F* const qi = t.gamma_item + s.items[b] * k;
      const F* const qj = t.gamma_item + s.negatives[b] * k;
      for (int64_t n = 0; n < k; ++n) sum[n] += weight[b] * (qi[n] - qj[n]);
    }
  }
  return loss;
}

/// Returns the sum of the weights.
template <typename T, typename F, int kFactors>
LATENT_INLINE double add_users(const Tables<const T, const F> t, const SortedPairs<T> s,
                               int64_t from, int64_t to, const T* weight, const T* user_sum,
                               T scale, const Tables<T> out) {
  const int64_t k = kFactors > 0 ? kFactors : t.factors;
  double all = 0;
  for (int64_t b = from; b < to;) {
    const int32_t u = s.users[b];
    const T* const sum = user_sum + b * k;
    T bias = 0;
    for (; b < to && s.users[b] == u; ++b) bias += weight[b];
    all += bias;
    if (out.beta_user != nullptr) out.beta_user[u] += scale * bias;
    if (out.gamma_user == nullptr) continue;
    for (int64_t n = 0; n < k; ++n) out.gamma_user[u * k + n] += scale * sum[n];
  }
  return all;
}

template <typename T, typename F, int kFactors>
LATENT_INLINE double add_items(const Tables<const T, const F> t, const SortedPairs<T> s,
                               int64_t from, int64_t to, const T* weight, const T*, T scale,
                               const Tables<T> out) {
  const int64_t k = kFactors > 0 ? kFactors : t.factors;
  const int64_t all = s.negatives != nullptr ? 2 * s.size : s.size;
  for (int64_t n = from; n < to; ++n) {
    const int64_t i = s.sorted_items[n];
    const auto sample_of = [&](int64_t at) {
      const int64_t where = s.item_order[at];
      return where < s.size ? where : where - s.size;
    };
    fetch(t.gamma_user, s.users[sample_of(std::min(n + kAhead, all - 1))], k);
    const int64_t b = sample_of(n);
    const T w = s.item_order[n] < s.size ? scale * weight[b] : -scale * weight[b];
    if (out.beta_item != nullptr) out.beta_item[i] += w;
    if (out.gamma_item == nullptr) continue;
    const F* const p = t.gamma_user + s.users[b] * k;
    T* const to_row = out.gamma_item + i * k;
    for (int64_t f = 0; f < k; ++f) to_row[f] += w * p[f];
  }
  return 0;
}

/// Calls fn with K as a constant, 0 for the rarer ones.
template <typename Fn>
auto with_factors(int64_t factors, const Fn& fn) {
  switch (factors) {
    case 5: return fn(std::integral_constant<int, 5>());
    case 8: return fn(std::integral_constant<int, 8>());
    case 10: return fn(std::integral_constant<int, 10>());
    case 16: return fn(std::integral_constant<int, 16>());
    case 32: return fn(std::integral_constant<int, 32>());
    case 64: return fn(std::integral_constant<int, 64>());
    case 128: return fn(std::integral_constant<int, 128>());
    default: return fn(std::integral_constant<int, 0>());
  }
}

template <typename T, typename F, typename Fn>
double sum_over_users(const Tables<const T, const F>& tables, const SortedPairs<T>& batch,
                      int threads, const OwnedRows& samples, T* weight, T* user_sum,
                      const Fn& kernel) {
  const auto begin = key_chunks(batch.users, batch.size, 0);
  const auto chunks = static_cast<int64_t>(begin.size()) - 1;
  std::vector<double> partial(chunks);
  const Piece own =
      samples.shared() ? chunks_with(begin, samples, samples.peers->rank()) : Piece{0, chunks};
  parallel_chunks(own.size(), threads, [&](int64_t n) {
    const int64_t c = own.begin + n;
    partial[c] = kernel(tables, batch, begin[c], begin[c + 1], weight, user_sum);
  });
  if (samples.shared()) {
    const SharedArray arrays[] = {
        {weight, sizeof(T), pieces_of(samples.shares)},
        {partial.data(), sizeof(double),
         pieces_of(chunk_shares({begin.data(), begin.size() - 1}, samples.shares))}};
    samples.peers->gather(arrays);
  }
  return std::accumulate(partial.begin(), partial.end(), 0.0);
}

}  // namespace

std::vector<int64_t> key_chunks(const int32_t* keys, int64_t size, int shift) {
  std::vector<int64_t> out = {0};
  for (int64_t at = kChunk; at < size; at += kChunk) {
    int64_t begin = std::max(at, out.back());
    while (begin < size && keys[begin] >> shift == keys[begin - 1] >> shift) ++begin;
    if (begin < size && begin > out.back()) out.push_back(begin);
  }
  out.push_back(size);
  return out;
}

Piece chunks_with(std::span<const int64_t> begin, const OwnedRows& samples, int rank) {
  const auto chunks = static_cast<int64_t>(begin.size()) - 1;
  const Piece own = piece_of(samples.shares, rank);
  Piece out{0, 0};
  for (int64_t c = 0; c < chunks; ++c) {
    if (begin[c + 1] <= own.begin) out = {c + 1, c + 1};
    if (begin[c + 1] > own.begin && begin[c] < own.end) out.end = c + 1;
  }
  return own.size() > 0 ? out : Piece{0, 0};
}

template <typename T, typename F>
double PairKernels<T, F>::squared_errors(T* weight, T* user_sum) const {
  return sum_over_users(
      tables_, batch_, threads_, samples_, weight, user_sum,
      with_factors(tables_.factors, [](auto k) { return kernel<squared_errors_of<T, F, k()>>(); }));
}

template <typename T, typename F>
double PairKernels<T, F>::pair_losses(T* weight, T* user_sum) const {
  return sum_over_users(
      tables_, batch_, threads_, samples_, weight, user_sum,
      with_factors(tables_.factors, [](auto k) { return kernel<pair_losses_of<T, F, k()>>(); }));
}

template <typename T, typename F>
void PairKernels<T, F>::add_gradients(const T* weight, const T* user_sum, T scale,
                                      const Tables<T>& out) const {
  const auto users = key_chunks(batch_.users, batch_.size, 0);
  const auto items = key_chunks(batch_.sorted_items,
                               batch_.negatives != nullptr ? 2 * batch_.size : batch_.size,
                               batch_.item_shift);
  const auto user_kernel =
      with_factors(tables_.factors, [](auto k) { return kernel<add_users<T, F, k()>>(); });
  const auto item_kernel =
      with_factors(tables_.factors, [](auto k) { return kernel<add_items<T, F, k()>>(); });
  const auto item_chunks = static_cast<int64_t>(items.size()) - 1;
  const auto user_chunks = static_cast<int64_t>(users.size()) - 1;
  std::vector<double> partial(item_chunks + user_chunks);
  const Piece own = samples_.shared() ? samples_.own() : Piece{};
  const Piece places = places_.shared() ? places_.own() : Piece{0, items.back()};
  parallel_chunks(item_chunks + user_chunks, threads_, [&](int64_t c) {
    double& sum = partial[c];
    if (c < item_chunks) {  // the longer ones first
      const int64_t from = std::max(items[c], places.begin),
                    to = std::min(items[c + 1], places.end);
      if (from < to)
        sum = item_kernel(tables_, batch_, from, to, weight, user_sum, scale, out);
    } else if (c -= item_chunks; !samples_.shared()) {
      sum = user_kernel(tables_, batch_, users[c], users[c + 1], weight, user_sum, scale, out);
    } else {
      const int64_t from = std::max(users[c], own.begin), to = std::min(users[c + 1], own.end);
      if (from < to) user_kernel(tables_, batch_, from, to, weight, user_sum, scale, out);
      if (out.alpha != nullptr)
        sum = user_kernel(tables_, batch_, users[c], users[c + 1], weight, user_sum, scale, {});
    }
  });
  if (out.alpha != nullptr)
    *out.alpha += scale * static_cast<T>(std::accumulate(partial.begin(), partial.end(), 0.0));
}

template class PairKernels<float>;
template class PairKernels<float, BFloat16>;
template class PairKernels<double>;

}  // namespace latent
