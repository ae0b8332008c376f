// The observed pairs of a data set with their weights.
#pragma once

#include <string>

#include "src/data/interactions.h"
#include "src/solve/ials.h"

namespace latent {

/// Distinct pairs by user, items ascending. `weight`: "none", every weight 1; "rating", the sum of
/// a pair's ratings; "bm25", those weighted by BM25 with items as documents and users as terms, K1
/// = 100 and B = .8, as implicit's bm25_weight makes them of an items x users matrix: x (K1 + 1) /
/// (K1 (1 - B + B l_i / mean l) + x) (log I - log(1 + |I_u|)), l_i the sum of item i.
WeightedRows pair_weights(const Interactions& rows, int32_t users, int32_t items,
                          const std::string& weight);

}  // namespace latent
