// Passes over a table: Adam, SGD and Adagrad, and the sum that an L2 penalty is; plain arrays.
#pragma once

#include <cstdint>

#include "src/base/peers.h"
#include "src/kernels/bfloat16.h"

namespace latent {

/// One step's constants (Kingma & Ba, 2015).
struct AdamStep {
  double lr, beta1, beta2, epsilon;
  double decay;  ///< 2 c for a penalty c sum w^2, whose gradient joins the loss's
  int64_t t;     ///< from 1
};

/// A parameter, of floats or of BFloat16s, with its gradient and moments, all of one length.
template <typename W>
struct AdamTableOf {
  W* w;
  float *gradient, *m, *v;
};
using AdamTable = AdamTableOf<float>;

/// With g the gradient plus decay w: m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2,
/// w <- w - lr mhat / (sqrt(vhat) + epsilon); the gradient becomes zero, ready for the next batch.
/// All [n]. Returns the sum of the new w^2, the bits of sum_of_squares() for any number of threads.
/// The new w is computed in float; BFloat16s take it by `rounding`.
template <typename W>
double adam_step(const AdamTableOf<W>& table, int64_t n, const AdamStep& step, int threads,
                 const Rounding& rounding = {});

/// The same for some rows of k numbers: those of `rows` [n] whose `stamp` is not step.t yet, which
/// it then becomes. Returns by how much the sum of w^2 has grown.
template <typename W>
double adam_step_rows(const AdamTableOf<W>& table, int64_t k, const int32_t* rows, int64_t n,
                      int32_t* stamp, const AdamStep& step, const Rounding& rounding = {});

/// The same as one would write it down, number by number.
void adam_step_plain(const AdamTable& table, int64_t n, const AdamStep& step);

/// One step's constants of SGD and of Adagrad.
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

/// Sum of w^2 in double, in fixed chunks and lanes.
template <typename W>
double sum_of_squares(const W* w, int64_t n, int threads);

/// The same bits where each rank has its own share of the numbers. What lies in a chunk that
/// another rank has the beginning of is brought there.
template <typename W>
double sum_of_squares(W* w, const OwnedRows& numbers, int threads);

}  // namespace latent
