// The methods of an exported model, as TorchScript.
#pragma once

#include <string>

#include "src/formats/fold_in_spec.h"

namespace latent {

/// What the method forward answers: servers that know no other method call it.
enum class Forward {
  kScores,        ///< (users [B], items [B]) -> scores as ratings [B]
  kListsOfIds,    ///< (users List[str]) -> (items List[str], B x k, scores [B, k])
  kListsOfIndices  ///< (users [B, 1]) -> (items [B, k], scores [B, k])
};

/// What a model has. The source speaks of the attributes that export_torchscript() registers.
struct ModuleParts {
  bool alpha = false, beta_user = false, beta_item = false;
  bool factors = false;           ///< gamma_user and gamma_item
  bool bias_is_a_factor = false;  ///< similarities take beta_item for one more factor
  bool has_default = false;       ///< forward says default_prediction where the score is exactly 0
  bool clips = false;             ///< forward keeps within rating_low and rating_high
  bool draws = false;             ///< the score is a mean of draws, of which it has the biases
  bool titles = false;
  Forward forward = Forward::kScores;  ///< lists are of list_length items
  FoldInSpec fold_in = {};  ///< its numbers make no difference
  bool seen_ratings = false, seen_fitted = false;
  bool implicit = false;    ///< implicit_item: what a history says by itself
};

std::string module_source(const ModuleParts& parts);

}  // namespace latent
