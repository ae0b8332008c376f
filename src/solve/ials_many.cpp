#include <algorithm>
#include <cmath>

#include "src/kernels/cholesky.h"
#include "src/kernels/gemm.h"
#include "src/solve/ials_kernels.h"
#include "src/solve/ials_rows.h"

namespace latent {

namespace {

/// to = root * v, right += scale * v
LATENT_INLINE void take_row(float root, float scale, const float* v, int n, float* to,
                            float* right) {
  for (int f = 0; f < n; f += 8) {
    const Float8 x = load8(v + f);
    store8(to + f, root * x);
    store8(right + f, load8(right + f) + scale * x);
  }
}

LATENT_INLINE void add_row(float scale, const float* v, int n, float* out) {
  for (int f = 0; f < n; f += 8) store8(out + f, load8(out + f) + scale * load8(v + f));
}

/// K = V D^-1 V^T, upper triangle: k [n, row].
LATENT_INLINE void own_products(const float* const* v, const float* inverse, int n, int stride,
                                float* scaled, float* k, int row) {
  for (int i = 0; i < n; ++i) scale_row(v[i], inverse, stride, scaled + int64_t{i} * stride);
  lower_products(scaled, v, n, stride,
                 [&](int first, int j, int width, const Float8& sums, int) {
#pragma GCC unroll 8
                   for (int p = 0; p < 8; ++p) {
                     const int i = first + p / width, column = j + p % width;
                     if (i < n && column <= i) k[int64_t{column} * row + i] = sums[p];
                   }
                 });
}

LATENT_INLINE float dot(const float* a, const float* b, int stride) {
  Float8 left = {}, right = {};
  for (int f = 0; f < stride; f += 16) {
    left += load8(a + f) * load8(b + f);
    right += load8(a + f + 8) * load8(b + f + 8);
  }
  return sum8(left + right);
}

/// Everything of solve_medium(): see solve_ones() and solve_weighted() of solve_few().
LATENT_INLINE void medium(const IalsShared& shared, const IalsRow& row, int cells,
                          IalsScratch& scratch) {
  const int n = row.count, stride = shared.stride;
  float* const inverse = scratch.inverse.data();
  float* const k = scratch.matrix.data();
  float* const y = scratch.vectors.data();  // [cells]
  float* const q = y + cells;               // [cells] sqrt(c - 1)
  float* const c = q + cells;               // [cells] c p
  const float* const* const v = scratch.sources.data();
  invert(shared.values, row.penalty, stride, inverse);
  own_products(v, inverse, n, stride, scratch.scaled.data(), k, cells);
  double objective = 0;
  if (row.weights == nullptr) {
    for (int i = 0; i < n; ++i) {
      y[i] = 1;
      k[int64_t{i} * cells + i] += 1;
    }
    cholesky_solve(k, n, cells, y);
    for (int i = 0; i < n; ++i) objective += y[i];
    combine(v, y, n, inverse, stride, row.out);
  } else {
    for (int i = 0; i < n; ++i) {
      const IalsConfidence own = confidence_of(shared, row, i);
      q[i] = std::sqrt(own.extra);
      c[i] = own.right;
      objective += own.constant;
    }
    combine(v, c, n, inverse, stride, row.out);  // D^-1 V^T c
    for (int i = 0; i < n; ++i) {
      y[i] = -q[i] * dot(v[i], row.out, stride);
      float* const own = k + int64_t{i} * cells;
      for (int j = i; j < n; ++j) own[j] *= q[i] * q[j];
      own[i] += 1;
    }
    cholesky_solve(k, n, cells, y);
    for (int i = 0; i < n; ++i) y[i] = c[i] + q[i] * y[i];
    combine(v, y, n, inverse, stride, row.out);
    for (int i = 0; i < n; ++i) objective -= double{c[i]} * dot(v[i], row.out, stride);
  }
  *row.objective = objective;
}

}  // namespace

void solve_medium(const IalsShared& shared, const IalsRow& row, IalsScratch& scratch) {
  const int64_t n = row.count, stride = shared.stride;
  const int cells = padded_columns(row.count);
  const auto room = [](Table<float>& t, int64_t size) {
    if (static_cast<int64_t>(t.size()) < size) t.resize(size);
  };
  room(scratch.inverse, stride);
  room(scratch.scaled, n * stride);
  room(scratch.matrix, int64_t{cells} * cells);
  room(scratch.vectors, 3 * cells);
  scratch.sources.resize(std::max<size_t>(scratch.sources.size(), n));
  for (int64_t i = 0; i < n; ++i) scratch.sources[i] = shared.fixed + row.columns[i] * stride;
  // What lies beyond n in a row is never read into what lies before it, but must be finite.
  for (int64_t i = 0; i < n; ++i)
    std::fill_n(scratch.matrix.begin() + i * cells + n, cells - n, 0.0f);
  kernel<medium>()(shared, row, cells, scratch);
}

void solve_many(const IalsShared& shared, const IalsRow& row, IalsScratch& scratch) {
  const int d = shared.factors, stride = shared.stride;
  const int32_t kTogether = std::max(8, 4096 / stride);  // stay in the nearest cache
  constexpr int32_t kAhead = 16;     // pairs between a prefetch and its use
  constexpr int32_t kInFloat = 512;  // summed in float, more than that in double
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
      const IalsConfidence own = confidence_of(shared, row, n);
      const float* const v = shared.fixed + int64_t{row.columns[n]} * stride;
      if (n + kAhead < row.count) {
        const float* const next = shared.fixed + int64_t{row.columns[n + kAhead]} * stride;
        for (int f = 0; f < stride; f += 16) __builtin_prefetch(next + f);
      }
      constant += own.constant;
      if (own.extra < 0) {  // no square root: added on its own
        kernel<add_row>()(own.right, v, stride, right.data());
        for (int i = 0; i < d; ++i)
          kernel<add_row>()(own.extra * v[i], v, stride,
                            scratch.matrix.data() + int64_t{i} * stride);
        continue;
      }
      float* const to = scratch.gathered.data() + int64_t{gathered++} * stride;
      kernel<take_row>()(std::sqrt(own.extra), own.right, v, stride, to, right.data());
    }
    add_gram(scratch.gathered.data(), gathered, stride, scratch.matrix.data());
    if (row.count > kInFloat && (last % kInFloat == 0 || last == row.count)) {
      sum.resize(cells);
      for (int64_t n = 0; n < cells; ++n) sum[n] += scratch.matrix[n];
      std::fill(scratch.matrix.begin(), scratch.matrix.end(), 0.0f);
    }
  }
  for (size_t n = 0; n < sum.size(); ++n) scratch.matrix[n] = static_cast<float>(sum[n]);
  for (int i = 0; i < d; ++i)
    scratch.matrix[int64_t{i} * stride + i] += shared.values[i] + row.penalty;
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
    const IalsConfidence own = confidence_of(shared, row, n);
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
