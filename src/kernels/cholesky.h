// Symmetric systems of floats by Cholesky's factor, in register blocks.
#pragma once

namespace latent {

/// x <- A^-1 x for a symmetric positive definite A of which `a` [n, stride] holds the upper
/// triangle; it is overwritten. stride and the room of x: padded_columns(n), zero beyond n. Where A
/// is not positive definite the result is not finite.
void cholesky_solve(float* a, int n, int stride, float* x);

/// The same as one would write it down, in double.
void cholesky_solve_plain(const float* a, int n, int stride, float* x);

}  // namespace latent
