// Loops over gathered rows that the small systems of iALS share; for inlining into bodies
// of kernel<>().
#pragma once

#include <cmath>
#include <cstdint>

#include "src/kernels/wide_vectors.h"
#include "src/solve/ials_rows.h"

namespace latent {

/// What a pair brings: c - 1 and c p of IalsRow (1 and 1 in form ials), and c p^2 of the objective.
struct IalsConfidence {
  float extra, right, constant;
};

LATENT_INLINE IalsConfidence confidence_of(const IalsShared& shared, const IalsRow& row,
                                           int32_t n) {
  if (row.weights == nullptr) return {1, 1, 1};
  const float c = shared.alpha * row.weights[n];
  return c > 0 ? IalsConfidence{c - 1, c, c} : IalsConfidence{-c - 1, 0, -c};
}

/// Rows become columns: v[r][c] <- v[c][r].
LATENT_INLINE void transpose8(Float8 (&v)[8]) {
  Float8 a[8], b[8];
#pragma GCC unroll 4
  for (int n = 0; n < 8; n += 2) {
    a[n] = __builtin_shufflevector(v[n], v[n + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    a[n + 1] = __builtin_shufflevector(v[n], v[n + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma GCC unroll 4
  for (int n = 0; n < 8; n += 4) {
    for (int m = 0; m < 2; ++m) {
      b[n + m] = __builtin_shufflevector(a[n + m], a[n + m + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      b[n + m + 2] = __builtin_shufflevector(a[n + m], a[n + m + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
#pragma GCC unroll 4
  for (int n = 0; n < 4; ++n) {
    v[n] = __builtin_shufflevector(b[n], b[n + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    v[n + 4] = __builtin_shufflevector(b[n], b[n + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

/// inverse [stride] = 1 / D
LATENT_INLINE void invert(const float* values, float penalty, int stride, float* inverse) {
  for (int f = 0; f < stride; f += 8) store8(inverse + f, 1.0f / (load8(values + f) + penalty));
}

/// to [stride] = from * scale, number by number
LATENT_INLINE void scale_row(const float* from, const float* scale, int stride, float* to) {
  for (int f = 0; f < stride; f += 8) store8(to + f, load8(from + f) * load8(scale + f));
}

/// out [stride] = sum over n of y_n v_n, times `inverse`, number by number.
LATENT_INLINE void combine(const float* const* v, const float* y, int n, const float* inverse,
                           int stride, float* out) {
  for (int f = 0; f < stride; f += 16) {
    Float8 left = {}, right = {};
    for (int i = 0; i < n; ++i) {
      left += y[i] * load8(v[i] + f);
      right += y[i] * load8(v[i] + f + 8);
    }
    store8(out + f, left * load8(inverse + f));
    store8(out + f + 8, right * load8(inverse + f + 8));
  }
}

/// u_a . v_b in number a kJ + b, for kI rows u of `stride` and kJ sources v.
template <int kI, int kJ>
LATENT_INLINE Float8 dots(const float* u, const float* const* v, int stride) {
  static_assert(kI * kJ <= 8);
  Float8 sum[8] = {};
  for (int f = 0; f < stride; f += 8) {
    Float8 right[kJ];
#pragma GCC unroll 8
    for (int b = 0; b < kJ; ++b) right[b] = load8(v[b] + f);
#pragma GCC unroll 8
    for (int a = 0; a < kI; ++a) {
      const Float8 left = load8(u + a * stride + f);
#pragma GCC unroll 8
      for (int b = 0; b < kJ; ++b) sum[a * kJ + b] += left * right[b];
    }
  }
  return sums8(sum);
}

/// The lower triangle of u v^T in blocks of up to eight pairs (i, j): calls
/// take(i, j, width, Float8 of u_i+a . v_j+b in number a width + b, number of the block).
template <typename Take>
LATENT_INLINE int lower_products(const float* u, const float* const* v, int n, int stride,
                                 const Take& take) {
  int block = 0, i = 0;
  for (; i + 4 <= n; i += 4) {
    const float* const left = u + int64_t{i} * stride;
    for (int j = 0; j < i + 4; j += 2) take(i, j, 2, dots<4, 2>(left, v + j, stride), block++);
  }
  const float* const left = u + int64_t{i} * stride;
  int j = 0;
  switch (n - i) {
    case 1:
      for (; j + 8 <= i + 1; j += 8) take(i, j, 8, dots<1, 8>(left, v + j, stride), block++);
      if (j == i) {
        take(i, j, 1, dots<1, 1>(left, v + j, stride), block++);
      } else {  // j = i - 4
        take(i, j, 8, dots<1, 5>(left, v + j, stride), block++);
      }
      break;
    case 2:
      for (; j < i; j += 4) take(i, j, 4, dots<2, 4>(left, v + j, stride), block++);
      take(i, j, 2, dots<2, 2>(left, v + j, stride), block++);
      break;
    case 3:
      for (; j < i + 2; j += 2) take(i, j, 2, dots<3, 2>(left, v + j, stride), block++);
      take(i, j, 1, dots<3, 1>(left, v + j, stride), block++);
      break;
    default: break;
  }
  return block;
}

}  // namespace latent
