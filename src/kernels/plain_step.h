// SGD's and Adagrad's pass over a table: plain arrays.
#pragma once

#include <cstdint>

#include "src/kernels/bfloat16.h"

namespace latent {

/// One step's constants.
struct PlainStep {
  double lr;
  double decay;    ///< 2 c for a penalty c sum w^2, whose gradient joins the loss's
  double epsilon;  ///< of Adagrad
};

/// A parameter, of floats or of BFloat16s, with its gradient and Adagrad's sum of squares, all of
/// one length; without that sum the step is SGD's.
template <typename W>
struct PlainTable {
  W* w;
  float *gradient, *sum;
};

/// With g the gradient plus decay w: w <- w - lr g; or s <- s + g^2, w <- w - lr g / (sqrt(s) +
/// epsilon) (Duchi et al., 2011). The gradient becomes zero. All [n]; the same bits for any number
/// of threads. The new w is computed in float; BFloat16s take it by `rounding`.
template <typename W>
void plain_step(const PlainTable<W>& table, int64_t n, const PlainStep& step, int threads,
                const Rounding& rounding = {});

}  // namespace latent
