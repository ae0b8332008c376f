// Losses of one positive against its negatives, and their slopes: models/mf_losses.h in plain
// arrays of floats.
#pragma once

#include <cstdint>

namespace latent {

enum class NegativeLoss { kMse, kBce, kBpr, kHinge, kSoftmax, kBsl, kSlAtK, kCcl };

struct NegativeLossForm {
  NegativeLoss kind = NegativeLoss::kSoftmax;
  float tau = 1, tau2 = 1, tau_w = 1;
  float margin = 0, negative_weight = 1;
};

/// A loss, and its derivative by the positive's score.
struct PositiveSlope {
  double loss = 0;
  float slope = 0;
};

/// The loss of a positive's score `s` (of bsl the negatives' side alone, which does not depend on
/// s). `scores` [n], n a multiple of 16, become the derivatives by the negatives' scores; `weights`
/// [n] are what each weighs, 0 for one that is left out, in sum `total`. `threshold` is of sl_at_k.
PositiveSlope negative_loss(const NegativeLossForm& form, float s, float threshold,
                            const float* weights, double total, float* scores, int64_t n);

}  // namespace latent
