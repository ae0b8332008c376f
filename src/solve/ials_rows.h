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
  float penalty = 0;     ///< D = shared + penalty
  float* out = nullptr;  ///< [stride]
  double* objective = nullptr;
};

/// What all rows of a half share.
struct IalsShared {
  const float* fixed;   ///< [., stride], turned into the eigenbasis
  const float* values;  ///< [stride]: the eigenvalues times alpha0 (form ials)
  int factors, stride;
  float alpha;  ///< form implicit: c = alpha weight
};

/// Up to eight pairs (i + p / width, j + p % width) of a row's own pairs.
struct IalsBlock {
  int i, j, width;
};

/// Memory of one thread.
struct IalsScratch {
  Table<float> inverse;   // D^-1 of up to eight rows
  Table<float> scaled;    // D^-1 times the gathered rows
  Table<float> products;  // before they are in their places
  std::vector<IalsBlock> blocks;
  Table<float> matrix, vectors, gathered;
  std::vector<const float*> sources;
};

/// A row's system of the size of the factors takes as long as its n x n system about here; and up
/// to so many pairs eight n x n systems at a time beat one at a time.
constexpr double kIalsFewShare = 0.9;
constexpr int32_t kIalsLanePairs = 32;

/// Up to eight rows of about equal counts, each in a lane of the vectors, by an n x n system each
/// (Woodbury's identity). Weights must be at least 1 / alpha.
void solve_few(const IalsShared& shared, const IalsRow* rows, int lanes, IalsScratch& scratch);

/// One row by an n x n system. Weights must be at least 1 / alpha.
void solve_medium(const IalsShared& shared, const IalsRow& row, IalsScratch& scratch);

/// One row by a system of the size of the factors; any weights.
void solve_many(const IalsShared& shared, const IalsRow& row, IalsScratch& scratch);

/// solve_many as one would write it down, in double: the reference of all.
void solve_plain(const IalsShared& shared, const IalsRow& row);

}  // namespace latent
