// Products of tall matrices of floats with small square ones, in register blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/huge_pages.h"
#include "src/base/peers.h"

namespace latent {

/// The row length that the functions below want for `columns` columns: a multiple of 16. What lies
/// beyond the columns is zero, and stays so.
inline int padded_columns(int columns) { return (columns + 15) / 16 * 16; }

/// sum += A^T A for the upper triangle, row i from column i on: A [rows, stride] of stride
/// padded_columns, sum [stride, stride].
void add_gram(const float* a, int64_t rows, int stride, float* sum);

/// A^T A of all rows, both triangles: [stride, stride]; sums of 512 rows are taken in float, theirs
/// in double. The same bits for any number of threads, and of ranks: all have A, and each sums some
/// of its rows.
std::vector<double> gram(const float* a, int64_t rows, int stride, int threads,
                         Peers& peers = alone());

/// A <- A Q in place: A [rows, stride], Q [stride, stride].
void multiply_rows(float* a, int64_t rows, int stride, const float* q, int threads);

}  // namespace latent
