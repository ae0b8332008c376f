#include "src/kernels/cholesky.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include "src/kernels/gemm_kernels.h"

namespace latent {

namespace {

constexpr int kBlock = 6;  // rows of the factor at a time

/// Rows i .. i + kRows of the factor U, whose rows above are done: A = U^T U, and the inverse of
/// the diagonal stands on it. What stands left of the diagonal is never read into what is right of
/// it.
template <int kRows>
LATENT_INLINE void factor_rows(float* a, int i, int stride) {
  for (int j = i / 16 * 16; j < stride; j += 16) {
    gram_tile<kRows, 2, true>(a, i, stride, i, j, a);
  }
  for (int p = i; p < i + kRows; ++p) {
    float* const own = a + int64_t{p} * stride;
    float pivot = own[p];
    for (int e = i; e < p; ++e) pivot -= a[int64_t{e} * stride + p] * a[int64_t{e} * stride + p];
    const float inverse = 1 / std::sqrt(pivot);
    for (int j = p / 8 * 8; j < stride; j += 8) {
      Float8 v = load8(own + j);
      for (int e = i; e < p; ++e) {
        const float* const above = a + int64_t{e} * stride;
        v -= above[p] * load8(above + j);
      }
      store8(own + j, v * inverse);
    }
    own[p] = inverse;
  }
}

/// x <- (U^T U)^-1 x, with U as factor_rows() leaves it.
LATENT_INLINE void solve_triangles(const float* u, int n, int stride, float* x) {
  for (int i = 0; i < n; ++i) {
    const float* const row = u + int64_t{i} * stride;
    const float own = x[i] * row[i];
    x[i] = own;
    int j = i + 1;
    for (; j % 8 != 0; ++j) x[j] -= row[j] * own;
    for (; j < stride; j += 8) store8(x + j, load8(x + j) - own * load8(row + j));
  }
  for (int i = n - 1; i >= 0; --i) {
    const float* const row = u + int64_t{i} * stride;
    float s = x[i];
    int j = i + 1;
    for (; j % 8 != 0; ++j) s -= row[j] * x[j];
    Float8 sum = {};
    for (; j < stride; j += 8) sum += load8(row + j) * load8(x + j);
    x[i] = (s - sum8(sum)) * row[i];
  }
}

LATENT_INLINE void solve_body(float* a, int n, int stride, float* x) {
  int i = 0;
  for (; i + kBlock <= n; i += kBlock) factor_rows<kBlock>(a, i, stride);
  switch (n - i) {
    case 1: factor_rows<1>(a, i, stride); break;
    case 2: factor_rows<2>(a, i, stride); break;
    case 3: factor_rows<3>(a, i, stride); break;
    case 4: factor_rows<4>(a, i, stride); break;
    case 5: factor_rows<5>(a, i, stride); break;
    default: break;
  }
  solve_triangles(a, n, stride, x);
}

}  // namespace

void cholesky_solve(float* a, int n, int stride, float* x) {
  kernel<solve_body>()(a, n, stride, x);
}

void cholesky_solve_plain(const float* a, int n, int stride, float* x) {
  std::vector<double> u(int64_t{n} * n), y(x, x + n);
  for (int i = 0; i < n; ++i) {
    for (int j = i; j < n; ++j) {
      double sum = a[int64_t{i} * stride + j];
      for (int k = 0; k < i; ++k) sum -= u[k * n + i] * u[k * n + j];
      u[i * n + j] = j == i ? std::sqrt(sum) : sum / u[i * n + i];
    }
  }
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < i; ++k) y[i] -= u[k * n + i] * y[k];
    y[i] /= u[i * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int j = i + 1; j < n; ++j) y[i] -= u[i * n + j] * y[j];
    y[i] /= u[i * n + i];
  }
  for (int i = 0; i < n; ++i) x[i] = static_cast<float>(y[i]);
}

}  // namespace latent
