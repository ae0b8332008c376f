#include "src/solve/ials_rows.h"

#include <algorithm>
#include <cmath>

#include "src/base/gemm.h"
#include "src/base/wide_vectors.h"

namespace latent {

namespace {

constexpr int kLanes = 8;

/// What a pair brings: c - 1 and c p of the header; 1 and 1 in form ials.
struct Confidence {
  float extra, right, constant;
};

LATENT_INLINE Confidence confidence_of(const IalsShared& shared, const IalsRow& row, int32_t n) {
  if (row.weights == nullptr) return {1, 1, 1};
  const float c = shared.alpha * row.weights[n];
  return c > 0 ? Confidence{c - 1, c, c} : Confidence{-c - 1, 0, -c};
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

LATENT_INLINE Float8 sqrt8(const Float8& v) {
  Float8 out;
  for (int n = 0; n < 8; ++n) out[n] = std::sqrt(v[n]);
  return out;
}

/// k[i.., j..] += z_i . z_j over `count` vectors from z_i = z + i * rows.
template <int kI, int kJ>
LATENT_INLINE void dots(const Float8* z, int64_t row, int count, int i, int j, Float8* k, int n) {
  Float8 sum[kI][kJ];
  for (int a = 0; a < kI; ++a) {
    for (int b = 0; b < kJ; ++b) sum[a][b] = k[(i + a) * n + j + b];
  }
  const Float8* const left = z + i * row;
  const Float8* const right = z + j * row;
  for (int f = 0; f < count; ++f) {
    Float8 y[kJ];
#pragma GCC unroll 3
    for (int b = 0; b < kJ; ++b) y[b] = right[b * row + f];
#pragma GCC unroll 4
    for (int a = 0; a < kI; ++a) {
      const Float8 x = left[a * row + f];
#pragma GCC unroll 3
      for (int b = 0; b < kJ; ++b) sum[a][b] += x * y[b];
    }
  }
  for (int a = 0; a < kI; ++a) {
    for (int b = 0; b < kJ; ++b) k[(i + a) * n + j + b] = sum[a][b];
  }
}

template <int kI>
LATENT_INLINE void dots_of_rows(const Float8* z, int64_t row, int count, int i, Float8* k, int n) {
  int j = 0;
  for (; j + 3 <= i + kI; j += 3) dots<kI, 3>(z, row, count, i, j, k, n);
  if (i + kI - j == 2) dots<kI, 2>(z, row, count, i, j, k, n);
  if (i + kI - j == 1) dots<kI, 1>(z, row, count, i, j, k, n);
}

/// The lower triangle of K += Z Z^T.
LATENT_INLINE void add_products(const Float8* z, int64_t row, int count, Float8* k, int n) {
  int i = 0;
  for (; i + 4 <= n; i += 4) dots_of_rows<4>(z, row, count, i, k, n);
  if (n - i == 3) dots_of_rows<3>(z, row, count, i, k, n);
  if (n - i == 2) dots_of_rows<2>(z, row, count, i, k, n);
  if (n - i == 1) dots_of_rows<1>(z, row, count, i, k, n);
}

/// k [n, n], lower triangle -> its Cholesky factor with the inverse of the diagonal on it.
LATENT_INLINE void factorise(Float8* k, int n) {
  for (int j = 0; j < n; ++j) {
    Float8* const own = k + j * n;
    Float8 pivot = own[j];
    for (int c = 0; c < j; ++c) pivot -= own[c] * own[c];
    const Float8 inverse = 1.0f / sqrt8(pivot);
    own[j] = inverse;
    int i = j + 1;
    for (; i + 4 <= n; i += 4) {
      Float8* const r = k + i * n;
      Float8 s0 = r[j], s1 = r[n + j], s2 = r[2 * n + j], s3 = r[3 * n + j];
      for (int c = 0; c < j; ++c) {
        const Float8 x = own[c];
        s0 -= r[c] * x;
        s1 -= r[n + c] * x;
        s2 -= r[2 * n + c] * x;
        s3 -= r[3 * n + c] * x;
      }
      r[j] = s0 * inverse;
      r[n + j] = s1 * inverse;
      r[2 * n + j] = s2 * inverse;
      r[3 * n + j] = s3 * inverse;
    }
    for (; i < n; ++i) {
      Float8* const r = k + i * n;
      Float8 s = r[j];
      for (int c = 0; c < j; ++c) s -= r[c] * own[c];
      r[j] = s * inverse;
    }
  }
}

/// x <- (L L^T)^-1 x, L as factorise() leaves it.
LATENT_INLINE void solve_triangles(const Float8* k, int n, Float8* x) {
  for (int i = 0; i < n; ++i) {
    Float8 s = x[i];
    for (int c = 0; c < i; ++c) s -= k[i * n + c] * x[c];
    x[i] = s * k[i * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    const Float8 s = x[i] * k[i * n + i];
    x[i] = s;
    for (int c = 0; c < i; ++c) x[c] -= k[i * n + c] * s;
  }
}

/// Everything of solve_few(): the memory is laid out by it.
LATENT_WIDE_VECTORS
void few(const IalsShared& shared, const IalsRow* rows, int lanes, int n, const float* zero,
         Float8* z, Float8* k, Float8* vectors) {
  const int stride = shared.stride;
  Float8* const root = vectors;               // [stride] D^-1/2
  Float8* const y = vectors + stride;         // [n]
  Float8* const q = y + n;                    // [n] sqrt(c - 1)
  Float8* const c = q + n;                    // [n] c p
  const bool weighted = rows[0].weights != nullptr;
  Float8 penalty = {};
  for (int l = 0; l < kLanes; ++l) penalty[l] = rows[l < lanes ? l : 0].penalty;
  for (int f = 0; f < stride; ++f) root[f] = 1.0f / sqrt8(shared.values[f] + penalty);
  std::fill(k, k + n * n, Float8{});
  constexpr int kBlock = 32;
  for (int from = 0; from < stride; from += kBlock) {
    const int count = std::min(kBlock, stride - from);
    for (int i = 0; i < n; ++i) {
      const float* source[kLanes];
      for (int l = 0; l < kLanes; ++l) {
        source[l] = l < lanes && i < rows[l].count
                        ? shared.fixed + int64_t{rows[l].columns[i]} * stride + from
                        : zero;
      }
      Float8* const to = z + int64_t{i} * stride + from;
      for (int f = 0; f < count; f += 8) {
        Float8 v[8];
#pragma GCC unroll 8
        for (int l = 0; l < kLanes; ++l) v[l] = load8(source[l] + f);
        transpose8(v);
#pragma GCC unroll 8
        for (int g = 0; g < 8; ++g) to[f + g] = v[g] * root[from + f + g];
      }
    }
    add_products(z + from, stride, count, k, n);
  }
  Float8 objective = {};
  if (!weighted) {
    for (int i = 0; i < n; ++i) {
      k[i * n + i] += 1.0f;
      y[i] = Float8{} + 1.0f;
    }
    factorise(k, n);
    solve_triangles(k, n, y);
    for (int i = 0; i < n; ++i) {
      for (int l = 0; l < lanes; ++l) {
        if (i < rows[l].count) objective[l] += y[i][l];
      }
    }
  } else {
    // With y = c + S^1/2 t: (I + S^1/2 K S^1/2) t = -S^1/2 K c, which divides by no c - 1.
    Float8* const scores = c + n;  // [n] K y: the pairs' scores
    for (int i = 0; i < n; ++i) {
      q[i] = c[i] = Float8{};
      for (int l = 0; l < lanes; ++l) {
        if (i >= rows[l].count) continue;
        const Confidence own = confidence_of(shared, rows[l], i);
        q[i][l] = own.extra;
        c[i][l] = own.right;
        objective[l] += own.constant;
      }
      q[i] = sqrt8(q[i]);
    }
    Float8* const full = k + n * n;  // K as it was, both triangles read from the lower one
    std::copy(k, k + n * n, full);
    const auto times = [&](const Float8* x, Float8* out) {
      for (int i = 0; i < n; ++i) {
        Float8 s = {};
        for (int j = 0; j < n; ++j) s += full[i >= j ? i * n + j : j * n + i] * x[j];
        out[i] = s;
      }
    };
    times(c, scores);
    for (int i = 0; i < n; ++i) {
      y[i] = -q[i] * scores[i];
      for (int j = 0; j <= i; ++j) k[i * n + j] *= q[i] * q[j];
      k[i * n + i] += 1.0f;
    }
    factorise(k, n);
    solve_triangles(k, n, y);
    for (int i = 0; i < n; ++i) y[i] = c[i] + q[i] * y[i];
    times(y, scores);
    for (int i = 0; i < n; ++i) objective -= c[i] * scores[i];
  }
  for (int f = 0; f < stride; f += 8) {
    Float8 w[8] = {};
    for (int i = 0; i < n; ++i) {
      const Float8* const from = z + int64_t{i} * stride + f;
#pragma GCC unroll 8
      for (int g = 0; g < 8; ++g) w[g] += from[g] * y[i];
    }
#pragma GCC unroll 8
    for (int g = 0; g < 8; ++g) w[g] *= root[f + g];
    transpose8(w);
    for (int l = 0; l < lanes; ++l) store8(rows[l].out + f, w[l]);
  }
  for (int l = 0; l < lanes; ++l) *rows[l].objective = objective[l];
}

/// The upper Cholesky factor of a [d, d] in place, four rows at a time, with the inverse of the
/// diagonal on it; then x <- A^-1 x.
LATENT_WIDE_VECTORS
void cholesky_solve(float* a, int d, int stride, float* x) {
  for (int k = 0; k < d; k += 4) {
    const int last = std::min(k + 4, d);
    for (int p = k; p < last; ++p) {
      float* const own = a + int64_t{p} * stride;
      for (int e = k; e < p; ++e) {
        const float* const above = a + int64_t{e} * stride;
        const float factor = above[p];
        for (int j = p; j < d; ++j) own[j] -= factor * above[j];
      }
      const float inverse = 1 / std::sqrt(own[p]);
      for (int j = p + 1; j < d; ++j) own[j] *= inverse;
      own[p] = inverse;
    }
    if (last - k < 4) break;
    const float* const r0 = a + int64_t{k} * stride;
    const float* const r1 = r0 + stride;
    const float* const r2 = r1 + stride;
    const float* const r3 = r2 + stride;
    for (int i = last; i < d; ++i) {
      float* const to = a + int64_t{i} * stride;
      const float f0 = r0[i], f1 = r1[i], f2 = r2[i], f3 = r3[i];
      // From the vector that holds the diagonal on; what stands left of it is never read.
      for (int j = i / 8 * 8; j < stride; j += 8) {
        store8(to + j, load8(to + j) - f0 * load8(r0 + j) - f1 * load8(r1 + j) -
                           f2 * load8(r2 + j) - f3 * load8(r3 + j));
      }
    }
  }
  for (int i = 0; i < d; ++i) {
    x[i] *= a[int64_t{i} * stride + i];
    const float s = x[i];
    const float* const row = a + int64_t{i} * stride;
    for (int j = i + 1; j < d; ++j) x[j] -= row[j] * s;
  }
  for (int i = d - 1; i >= 0; --i) {
    const float* const row = a + int64_t{i} * stride;
    float s = x[i];
    for (int j = i + 1; j < d; ++j) s -= row[j] * x[j];
    x[i] = s * row[i];
  }
}

LATENT_WIDE_VECTORS
void add_row(float scale, const float* v, int n, float* out) {
  for (int f = 0; f < n; ++f) out[f] += scale * v[f];
}

/// to = root * v, right += scale * v
LATENT_WIDE_VECTORS
void take_row(float root, float scale, const float* v, int n, float* to, float* right) {
  for (int f = 0; f < n; ++f) {
    to[f] = root * v[f];
    right[f] += scale * v[f];
  }
}

}  // namespace

void solve_few(const IalsShared& shared, const IalsRow* rows, int lanes, IalsScratch& scratch) {
  int n = 0;
  for (int l = 0; l < lanes; ++l) n = std::max(n, rows[l].count);
  const int64_t stride = shared.stride;
  const auto room = [](Table<float>& t, int64_t vectors) {
    if (static_cast<int64_t>(t.size()) < vectors * kLanes) t.resize(vectors * kLanes);
    return reinterpret_cast<Float8*>(t.data());
  };
  scratch.gathered.assign(std::max<size_t>(scratch.gathered.size(), stride), 0.0f);
  few(shared, rows, lanes, n, scratch.gathered.data(), room(scratch.z, n * stride),
      room(scratch.k, 2 * int64_t{n} * n), room(scratch.vectors, stride + 4 * n));
}

void solve_many(const IalsShared& shared, const IalsRow& row, IalsScratch& scratch) {
  const int d = shared.factors, stride = shared.stride;
  constexpr int32_t kTogether = 32;     // stay in the nearest cache until they are used
  constexpr int32_t kAhead = 16;        // pairs between a prefetch and its use
  constexpr int32_t kInFloat = 512;     // summed in float, more than that in double
  const int64_t cells = int64_t{stride} * stride;
  scratch.matrix.assign(cells, 0.0f);
  scratch.gathered.resize(std::max<size_t>(scratch.gathered.size(), int64_t{kTogether} * stride));
  std::vector<float> right(stride);
  std::vector<double> sum;
  double constant = 0;
  for (int32_t first = 0; first < row.count; first += kTogether) {
    const int32_t last = std::min(row.count, first + kTogether);
    int32_t gathered = 0;
    for (int32_t n = first; n < last; ++n) {
      const Confidence own = confidence_of(shared, row, n);
      const float* const v = shared.fixed + int64_t{row.columns[n]} * stride;
      if (n + kAhead < row.count) {
        const float* const next = shared.fixed + int64_t{row.columns[n + kAhead]} * stride;
        for (int f = 0; f < stride; f += 16) __builtin_prefetch(next + f);
      }
      constant += own.constant;
      if (own.extra < 0) {  // no square root: added on its own
        add_row(own.right, v, stride, right.data());
        for (int i = 0; i < d; ++i)
          add_row(own.extra * v[i], v, stride, scratch.matrix.data() + int64_t{i} * stride);
        continue;
      }
      float* const to = scratch.gathered.data() + int64_t{gathered++} * stride;
      take_row(std::sqrt(own.extra), own.right, v, stride, to, right.data());
    }
    add_gram(scratch.gathered.data(), gathered, stride, scratch.matrix.data());
    if (row.count > kInFloat && (last % kInFloat == 0 || last == row.count)) {
      sum.resize(cells);
      for (int64_t n = 0; n < cells; ++n) sum[n] += scratch.matrix[n];
      std::fill(scratch.matrix.begin(), scratch.matrix.end(), 0.0f);
    }
  }
  for (size_t n = 0; n < sum.size(); ++n) scratch.matrix[n] = static_cast<float>(sum[n]);
  for (int i = 0; i < d; ++i) scratch.matrix[int64_t{i} * stride + i] += shared.values[i] + row.penalty;
  std::copy(right.begin(), right.end(), row.out);
  cholesky_solve(scratch.matrix.data(), d, stride, row.out);
  for (int f = 0; f < d; ++f) constant -= double{right[f]} * row.out[f];
  *row.objective = constant;
}

void solve_plain(const IalsShared& shared, const IalsRow& row) {
  const int d = shared.factors;
  std::vector<double> a(int64_t{d} * d), x(d), right;
  double constant = 0;
  for (int f = 0; f < d; ++f) a[f * d + f] = double{shared.values[f]} + row.penalty;
  for (int32_t n = 0; n < row.count; ++n) {
    const Confidence own = confidence_of(shared, row, n);
    const float* const v = shared.fixed + int64_t{row.columns[n]} * shared.stride;
    constant += own.constant;
    for (int i = 0; i < d; ++i) {
      x[i] += double{own.right} * v[i];
      for (int j = 0; j < d; ++j) a[i * d + j] += double{own.extra} * v[i] * v[j];
    }
  }
  right = x;
  for (int k = 0; k < d; ++k) {  // elimination; the matrix is positive definite
    for (int i = k + 1; i < d; ++i) {
      const double factor = a[i * d + k] / a[k * d + k];
      for (int j = k; j < d; ++j) a[i * d + j] -= factor * a[k * d + j];
      x[i] -= factor * x[k];
    }
  }
  for (int i = d - 1; i >= 0; --i) {
    for (int j = i + 1; j < d; ++j) x[i] -= a[i * d + j] * x[j];
    x[i] /= a[i * d + i];
  }
  for (int f = 0; f < d; ++f) {
    row.out[f] = static_cast<float>(x[f]);
    constant -= right[f] * x[f];
  }
  *row.objective = constant;
}

}  // namespace latent
