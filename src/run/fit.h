// The fits of a run.
#pragma once

namespace latent {

/// Which fit a model's weights are of.
enum class Fit {
  kTested,  ///< the one that the metrics are of
  kAll      ///< export.fit = all: a later one, on the rows of all parts
};

}  // namespace latent
