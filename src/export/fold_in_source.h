// The methods of an exported model that answer for new users, as TorchScript.
#pragma once

#include <string>

#include "src/formats/fold_in_spec.h"

namespace latent {

/// What the methods depend on; the numbers of `spec` are the attribute fold_in_values.
struct FoldInParts {
  FoldInSpec spec;
  bool alpha = false, beta_item = false;
  bool implicit = false;  ///< implicit_item: what the history itself says
};

/// fold_in(items [n], ratings [n]) -> (factors [K], bias [1]), and recommend_for_items(items,
/// ratings, k). A model that folds nobody in has methods that say so.
std::string fold_in_source(const FoldInParts& parts);

}  // namespace latent
