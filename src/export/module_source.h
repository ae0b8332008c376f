// The methods of an exported model, as TorchScript.
#pragma once

#include <string>

namespace latent {

/// What a model has. The source speaks of the attributes that export_torchscript() registers.
struct ModuleParts {
  bool alpha = false, beta_user = false, beta_item = false;
  bool factors = false;           ///< gamma_user and gamma_item
  bool bias_is_a_factor = false;  ///< similarities take beta_item for one more factor
  bool has_default = false;       ///< forward says default_prediction where the score is exactly 0
  bool clips = false;             ///< forward keeps within rating_low and rating_high
  bool draws = false;             ///< the score is a mean of draws, of which it has the biases
  bool titles = false;
};

std::string module_source(const ModuleParts& parts);

}  // namespace latent
