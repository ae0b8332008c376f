// One BPR step on rows of floats: the plain form and eight samples at a time in vectors.
#pragma once

#include <cmath>
#include <type_traits>

#include "src/kernels/wide_vectors.h"
#include "src/solve/bpr_sgd.h"

namespace latent {

/// Where the samples' rows are, and the step.
struct BprRows {
  BprRows(BprTables& t, const BprRates& r)
      : users(t.users.data()),
        items(t.items.data()),
        factors(t.factors),
        stride(t.stride),
        lr(static_cast<float>(r.lr)),
        reg(static_cast<float>(r.reg)) {}
  float* users;
  float* items;
  int32_t factors, stride;
  float lr, reg;
};

/// The step as it is written in the paper, in implicit's order of operations; i and j may be one
/// row. True where i was ranked above j.
LATENT_INLINE bool bpr_step(const BprRows& rows, const BprSample& sample) {
  float* const u = rows.users + int64_t{sample.user} * rows.stride;
  float* const i = rows.items + int64_t{sample.item} * rows.stride;
  float* const j = rows.items + int64_t{sample.negative} * rows.stride;
  const int32_t bias = rows.factors;
  const float lr = rows.lr, reg = rows.reg;
  float score = 0;
  for (int32_t k = 0; k <= bias; ++k) score += u[k] * (i[k] - j[k]);
  const auto z = static_cast<float>(1.0 / (1.0 + std::exp(score)));
  for (int32_t k = 0; k < bias; ++k) {
    const float old = u[k];
    u[k] += lr * (z * (i[k] - j[k]) - reg * old);
    i[k] += lr * (z * old - reg * i[k]);
    j[k] += lr * (-z * old - reg * j[k]);
  }
  i[bias] += lr * (z - reg * i[bias]);
  j[bias] += lr * (-z - reg * j[bias]);
  return z < 0.5f;
}

/// Eight samples: first all eight scores, then the steps one after the other,
/// each from the rows as the one before left them. Returns how many ranked i above j. kVectors:
/// the stride in vectors of eight, or 0 to read it from `rows`.
/// A sample whose i and j are one row (negatives not verified) is left to the plain form.
template <int kVectors>
LATENT_INLINE int bpr_step8(const BprRows& rows, const BprSample* samples) {
  bool one_row = false;
  for (int n = 0; n < 8; ++n) one_row |= samples[n].item == samples[n].negative;
  if (one_row) [[unlikely]] {
    int correct = 0;
    for (int n = 0; n < 8; ++n) correct += bpr_step(rows, samples[n]);
    return correct;
  }
  const int vectors = kVectors > 0 ? kVectors : rows.stride / 8;
  const int64_t stride = vectors * 8;
  Float8 products[8];
#pragma GCC unroll 8
  for (int n = 0; n < 8; ++n) {
    const float* const u = rows.users + samples[n].user * stride;
    const float* const i = rows.items + samples[n].item * stride;
    const float* const j = rows.items + samples[n].negative * stride;
    Float8 even = {}, odd = {};
    int v = 0;
#pragma GCC unroll 8
    for (; v + 2 <= vectors; v += 2) {
      even += load8(u + 8 * v) * (load8(i + 8 * v) - load8(j + 8 * v));
      odd += load8(u + 8 * v + 8) * (load8(i + 8 * v + 8) - load8(j + 8 * v + 8));
    }
    if (v < vectors) even += load8(u + 8 * v) * (load8(i + 8 * v) - load8(j + 8 * v));
    products[n] = even + odd;
  }
  const Float8 score = sums8(products);
  const Float8 z = falling_logistic8(score);
  const Float8 step = rows.lr * z;
  const float keep = 1 - rows.lr * rows.reg;
  // The bias is the item's column where the user has 1, and a user's 1 stays: its column keeps all
  // and moves by nothing.
  const int last = static_cast<int>(stride) - 8;
  Float8 user_keep = Float8{} + keep, user_move = Float8{} + 1.0f;
  user_keep[rows.factors % 8] = 1;
  user_move[rows.factors % 8] = 0;
#pragma GCC unroll 8
  for (int n = 0; n < 8; ++n) {
    float* const u = rows.users + samples[n].user * stride;
    float* const i = rows.items + samples[n].item * stride;
    float* const j = rows.items + samples[n].negative * stride;
    const float s = step[n];
#pragma GCC unroll 8
    for (int k = 0; k < last; k += 8) {
      const Float8 uk = load8(u + k), ik = load8(i + k), jk = load8(j + k);
      store8(u + k, keep * uk + s * (ik - jk));
      store8(i + k, keep * ik + s * uk);
      store8(j + k, keep * jk - s * uk);
    }
    const Float8 uk = load8(u + last), ik = load8(i + last), jk = load8(j + last);
    store8(u + last, user_keep * uk + s * user_move * (ik - jk));
    store8(i + last, keep * ik + s * uk);
    store8(j + last, keep * jk - s * uk);
  }
  int correct = 0;
  for (int n = 0; n < 8; ++n) correct += score[n] > 0;
  return correct;
}

/// Asks for the sample's rows.
template <int kVectors>
LATENT_INLINE void bpr_prefetch(const BprRows& rows, const BprSample& sample) {
  const int64_t stride = kVectors > 0 ? kVectors * 8 : rows.stride;
  for (const float* row : {rows.users + sample.user * stride, rows.items + sample.item * stride,
                           rows.items + sample.negative * stride}) {
    for (int64_t k = 0; k < stride; k += 16) __builtin_prefetch(row + k, 1);
    if (stride % 16 != 0 && stride > 8) __builtin_prefetch(row + stride - 1, 1);
  }
}

/// Calls fn with the number of vectors in `stride` floats as a constant, 0 for the rarer ones.
template <typename Fn>
auto with_vectors(int32_t stride, Fn fn) {
  switch (stride) {
    case 8:
      return fn(std::integral_constant<int, 1>());
    case 16:
      return fn(std::integral_constant<int, 2>());
    case 24:
      return fn(std::integral_constant<int, 3>());
    case 40:
      return fn(std::integral_constant<int, 5>());
    case 64:
      return fn(std::integral_constant<int, 8>());
    case 72:
      return fn(std::integral_constant<int, 9>());
    default:
      return fn(std::integral_constant<int, 0>());
  }
}

}  // namespace latent
