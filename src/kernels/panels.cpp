#include "src/kernels/panels.h"

#include <algorithm>

#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

constexpr int64_t kDepth = 256;  // rows of a panel that stay in the nearest cache

/// kRows x (kVectors kLanes) numbers of out.
template <int kRows, int kVectors, int kLanes>
LATENT_INLINE void tile(const float* a, int64_t row, int64_t column, int64_t depth,
                        const float* panel, float* out, int64_t stride, bool add) {
  typename Vector<kLanes>::Floats sum[kRows][kVectors] = {};
  for (int64_t k = 0; k < depth; ++k) {
    typename Vector<kLanes>::Floats right[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v)
      right[v] = Vector<kLanes>::load(panel + kPanel * k + kLanes * v);
#pragma GCC unroll 8
    for (int n = 0; n < kRows; ++n) {
      const float left = a[n * row + k * column];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[n][v] += left * right[v];
    }
  }
#pragma GCC unroll 8
  for (int n = 0; n < kRows; ++n) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      float* const to = out + n * stride + kLanes * v;
      Vector<kLanes>::store(to, add ? Vector<kLanes>::load(to) + sum[n][v] : sum[n][v]);
    }
  }
}

/// kRows rows of a panel's kPanel columns, as many at a time as the registers hold.
template <int kRows, int kVectors, int kLanes>
LATENT_INLINE void panel_rows(const float* a, int64_t row, int64_t column, int64_t depth,
                              const float* panel, float* out, int64_t stride, bool add) {
  constexpr int kColumns = kVectors * kLanes;
  for (int j = 0; j < kPanel; j += kColumns)
    tile<kRows, kVectors, kLanes>(a, row, column, depth, panel + j, out + j, stride, add);
}

template <int kTall, int kVectors, int kLanes>
LATENT_INLINE void multiply_body(const Strided& a, int64_t rows, int64_t depth,
                                 const float* panels, int64_t columns, float* out, int64_t stride,
                                 bool add) {
  for (int64_t from = 0; from < depth; from += kDepth) {
    const int64_t deep = std::min(kDepth, depth - from);
    const float* const left = a.data + from * a.column;
    const bool more = add || from > 0;
    for (int64_t j = 0; j < columns; j += kPanel) {
      const float* const panel = panels + j * depth + from * kPanel;
      int64_t r = 0;
      for (; r + kTall <= rows; r += kTall)
        panel_rows<kTall, kVectors, kLanes>(left + r * a.row, a.row, a.column, deep, panel,
                                            out + r * stride + j, stride, more);
      for (; r < rows; ++r)
        panel_rows<1, kVectors, kLanes>(left + r * a.row, a.row, a.column, deep, panel,
                                        out + r * stride + j, stride, more);
    }
  }
}

LATENT_INLINE float dot_body(const float* a, const float* b, int64_t n) {
  Float8 sum[2] = {};
  int64_t k = 0;
  for (; k + 16 <= n; k += 16) {
    sum[0] += load8(a + k) * load8(b + k);
    sum[1] += load8(a + k + 8) * load8(b + k + 8);
  }
  float rest = 0;
  for (; k < n; ++k) rest += a[k] * b[k];
  return sum8(sum[0] + sum[1]) + rest;
}

}  // namespace

void pack_panels(const float* a, int64_t rows, int64_t columns, float* panels) {
  for (int64_t j = 0; j < columns; j += kPanel) {
    for (int64_t r = 0; r < rows; ++r, panels += kPanel)
      std::copy_n(a + r * columns + j, kPanel, panels);
  }
}

void pack_transposed(const float* a, int64_t rows, int64_t columns, float* panels) {
  for (int64_t j = 0; j < rows; j += kPanel, panels += kPanel * columns) {
    for (int64_t n = 0; n < kPanel; ++n) {
      for (int64_t k = 0; k < columns; ++k) panels[k * kPanel + n] = a[(j + n) * columns + k];
    }
  }
}

void multiply_panels(const Strided& a, int64_t rows, int64_t depth, const float* panels,
                     int64_t columns, float* out, int64_t stride, bool add) {
  // Sums in registers: 4 x 2 of 4 floats, 4 x 2 of 8, 8 x 2 of 16.
  static const auto multiply =
      kernel_of<multiply_body<4, 2, 4>, multiply_body<4, 2, 8>, multiply_body<8, 2, 16>>();
  multiply(a, rows, depth, panels, columns, out, stride, add);
}

float dot_of(const float* a, const float* b, int64_t n) {
  static const auto dot = kernel<dot_body>();
  return dot(a, b, n);
}

}  // namespace latent
