// Products of float matrices whose right side lies in panels of 32 columns.
#pragma once

#include <cstdint>

namespace latent {

constexpr int kPanel = 32;  ///< columns of a panel

/// The row length that the functions below want for `columns` columns: whole panels. What lies
/// beyond the columns is zero.
inline int64_t whole_panels(int64_t columns) { return (columns + kPanel - 1) / kPanel * kPanel; }

/// A matrix by its first element and the distances between rows and between columns.
struct Strided {
  const float* data;
  int64_t row, column;
};

/// Panels of A [rows, columns] one after another, each [rows, kPanel]; `columns` in whole panels.
void pack_panels(const float* a, int64_t rows, int64_t columns, float* panels);
/// Panels of the transpose of A [rows, columns], each [columns, kPanel]; `rows` in whole panels.
void pack_transposed(const float* a, int64_t rows, int64_t columns, float* panels);

/// out [rows, columns] = (or, where `add`, +=) A [rows, depth] B [depth, columns]; B in panels, out
/// with rows `stride` apart, `columns` in whole panels. In the calling thread. An element's sum is
/// taken in order of depth, whatever the other elements are.
void multiply_panels(const Strided& a, int64_t rows, int64_t depth, const float* panels,
                     int64_t columns, float* out, int64_t stride, bool add);

/// a . b of n numbers, in eight lanes.
float dot_of(const float* a, const float* b, int64_t n);

}  // namespace latent
