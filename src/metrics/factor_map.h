// Item factors as a picture: their two principal axes, and who lies near whom.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "src/score/factor_view.h"
#include "src/score/top_k.h"

namespace latent {

/// Rows of item factors, padded with zeros to a multiple of 16 columns.
struct ItemFactors {
  /// Those of `model`, which has some; `with_bias`: beta_item is one more factor.
  ItemFactors(const FactorView& model, bool with_bias);
  std::span<const float> of(int32_t item) const {
    return {rows.data() + int64_t{item} * stride, static_cast<size_t>(stride)};
  }

  int32_t items;
  int stride;
  std::vector<float> rows;  ///< [items, stride]
};

/// The two leading eigenvectors of the Gram matrix of all item factors.
struct PrincipalAxes {
  std::array<std::vector<double>, 2>
      axis;                     ///< [stride] each of length 1; the greatest entry is positive
  std::array<double, 2> share;  ///< of the sum of all squared lengths that lies along each
  /// Where an item lies along the two.
  std::array<double, 2> place(std::span<const float> item) const;
};

PrincipalAxes principal_axes(const ItemFactors& factors, int threads);

/// For each of `items` the k others of the greatest cosine, best first, ties to the lower index:
/// what the exported model's similar_items() answers. Only items that are `known` [I] (not 0), with
/// a length above 0.
std::vector<std::vector<Scored>> cosine_neighbours(const ItemFactors& factors,
                                                   std::span<const int32_t> items, int k,
                                                   std::span<const int32_t> known);

}  // namespace latent
