// The small systems of one iALS half, in the basis where what all rows share is diagonal.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/huge_pages.h"

namespace latent {

/// A row's pairs: (D + V^T diag(c - 1) V) w = V^T (c p), with V the `count` rows `columns` of the
/// fixed table. In form ials c is 2 (of which alpha0's part lies in D) and the right side V^T 1.
struct IalsRow {
  const int32_t* columns = nullptr;
  const float* weights = nullptr;  ///< null: form ials
  int32_t count = 0;
  float penalty = 0;   ///< D = shared + penalty
  float* out = nullptr;  ///< [stride]
  double* objective = nullptr;
};

/// What all rows of a half share.
struct IalsShared {
  const float* fixed;                ///< [., stride], turned into the eigenbasis
  const float* values;               ///< [stride]: the eigenvalues times alpha0 (form ials)
  int factors, stride;
  float alpha;                       ///< form implicit: c = alpha weight
};

/// Memory of one thread.
struct IalsScratch {
  Table<float> z, k, vectors, matrix, gathered;
};

/// Up to eight rows of about equal counts below `factors`, each in a lane of the vectors, by an
/// n x n system each. Weights must be at least 1 / alpha.
void solve_few(const IalsShared& shared, const IalsRow* rows, int lanes, IalsScratch& scratch);

/// One row by a system of the size of the factors; any weights.
void solve_many(const IalsShared& shared, const IalsRow& row, IalsScratch& scratch);

/// solve_many as one would write it down, in double: the reference of both.
void solve_plain(const IalsShared& shared, const IalsRow& row);

}  // namespace latent
