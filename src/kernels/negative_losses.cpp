#include "src/kernels/negative_losses.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "src/kernels/wide_vectors.h"

namespace latent {

namespace {

double softplus(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// log sum_j w_j exp(s_j / tau); the scores become terms of that sum, in all `sum`. Some weight is
/// above 0.
LATENT_INLINE double soft_maximum(const float* w, float tau, float* scores, int64_t n,
                                  float& sum) {
  const float by = 1 / tau;
  Float8 most = Float8{} - std::numeric_limits<float>::max();
  for (int64_t k = 0; k < n; k += 8) {
    const Float8 s = load8(scores + k);
    most = (load8(w + k) > 0.0f) & (s > most) ? s : most;
  }
  float top = most[0];
  for (int lane = 1; lane < 8; ++lane) top = std::max(top, most[lane]);
  Float8 all = {};
  for (int64_t k = 0; k < n; k += 8) {
    Float8 x = (load8(scores + k) - top) * by;
    x = x > 0.0f ? Float8{} : x;  // of those that are left out
    const Float8 e = load8(w + k) * exponential<8>(x < -87.0f ? Float8{} - 87.0f : x);
    all += e;
    store8(scores + k, e);
  }
  sum = sum8(all);
  return double{top} / tau + std::log(double{sum});
}

LATENT_INLINE void scale_scores(float by, float* scores, int64_t n) {
  for (int64_t k = 0; k < n; k += 8) store8(scores + k, load8(scores + k) * by);
}

// Terms: of(x, slope) is f(x), and its derivative in `slope`.

struct Softplus {
  LATENT_INLINE static Float8 of(const Float8& x, Float8& slope) {
    Float8 value;
    softplus_of_minus8(-x, value, slope);  // 1 / (1 + e^-x)
    return value;
  }
};

struct AboveZero {
  LATENT_INLINE static Float8 of(const Float8& x, Float8& slope) {
    slope = x > 0.0f ? Float8{} + 1.0f : Float8{};
    return x > 0.0f ? x : Float8{};
  }
};

struct Square {
  LATENT_INLINE static Float8 of(const Float8& x, Float8& slope) {
    slope = 2.0f * x;
    return x * x;
  }
};

/// Sum of w_j f(s_j + shift), f a Term; scores become `by` times w_j f'(s_j + shift), and `slopes`
/// their sum.
template <typename Term>
LATENT_INLINE double weighted_sum(const float* w, float shift, float by, float* scores, int64_t n,
                                  float& slopes) {
  Float8 sum = {}, rise = {};
  for (int64_t k = 0; k < n; k += 8) {
    Float8 slope;
    const Float8 weight = load8(w + k);
    sum += weight * Term::of(load8(scores + k) + shift, slope);
    slope = weight * slope * by;
    rise += slope;
    store8(scores + k, slope);
  }
  slopes = sum8(rise);
  return double{sum8(sum)};
}

LATENT_INLINE PositiveSlope soft_loss(const NegativeLossForm& f, float s, float threshold,
                                      const float* w, double total, float* scores, int64_t n) {
  float sum = 0;
  const double log_sum = soft_maximum(w, f.tau, scores, n, sum);
  const float share = 1 / (f.tau * sum);
  if (f.kind == NegativeLoss::kBsl) {
    scale_scores(f.tau2 * share, scores, n);
    return {f.tau2 * (log_sum - std::log(total)), 0};
  }
  const double loss = log_sum - double{s} / f.tau;
  if (f.kind == NegativeLoss::kSoftmax) {
    scale_scores(share, scores, n);
    return {loss, -1 / f.tau};
  }
  const double weight = logistic((double{s} - threshold) / f.tau_w);
  scale_scores(static_cast<float>(weight) * share, scores, n);
  return {weight * loss,
          static_cast<float>(loss * weight * (1 - weight) / f.tau_w - weight / f.tau)};
}

LATENT_INLINE PositiveSlope mean_loss(const NegativeLossForm& f, float s, const float* w,
                                      double total, float* scores, int64_t n) {
  const auto mean = static_cast<float>(1 / total);
  const float weighted = f.negative_weight * mean;
  float slopes = 0;
  switch (f.kind) {
    case NegativeLoss::kBpr: {
      const double sum = weighted_sum<Softplus>(w, -s, mean, scores, n, slopes);
      return {sum / total, -slopes};
    }
    case NegativeLoss::kHinge: {
      const double sum = weighted_sum<AboveZero>(w, f.margin - s, mean, scores, n, slopes);
      return {sum / total, -slopes};
    }
    case NegativeLoss::kBce: {
      const double sum = weighted_sum<Softplus>(w, 0, weighted, scores, n, slopes);
      return {softplus(-s) + f.negative_weight * sum / total, -static_cast<float>(logistic(-s))};
    }
    case NegativeLoss::kMse: {
      const double sum = weighted_sum<Square>(w, 0, weighted, scores, n, slopes);
      return {(1.0 - s) * (1.0 - s) + f.negative_weight * sum / total, 2 * (s - 1)};
    }
    default: {
      const double sum = weighted_sum<AboveZero>(w, -f.margin, weighted, scores, n, slopes);
      return {1.0 - s + f.negative_weight * sum / total, -1};
    }
  }
}

/// What is left of a loss without negatives.
PositiveSlope lonely(NegativeLoss kind, const NegativeLossForm& f, float s) {
  switch (kind) {
    case NegativeLoss::kMse: return {(1.0 - s) * (1.0 - s), 2 * (s - 1)};
    case NegativeLoss::kBce: return {softplus(-s), -static_cast<float>(logistic(-s))};
    case NegativeLoss::kCcl: return {1.0 - s, -1};
    case NegativeLoss::kSoftmax: return {-double{s} / f.tau, -1 / f.tau};
    default: return {};
  }
}

LATENT_INLINE PositiveSlope loss_body(const NegativeLossForm& f, float s, float threshold,
                                      const float* w, double total, float* scores, int64_t n) {
  const bool soft = f.kind == NegativeLoss::kSoftmax || f.kind == NegativeLoss::kBsl ||
                    f.kind == NegativeLoss::kSlAtK;
  return soft ? soft_loss(f, s, threshold, w, total, scores, n)
              : mean_loss(f, s, w, total, scores, n);
}

}  // namespace

PositiveSlope negative_loss(const NegativeLossForm& form, float s, float threshold,
                            const float* weights, double total, float* scores, int64_t n) {
  if (std::none_of(weights, weights + n, [](float w) { return w > 0; })) {
    std::fill_n(scores, n, 0.0f);
    return lonely(form.kind, form, s);
  }
  static const auto loss = kernel<loss_body>();
  return loss(form, s, threshold, weights, total, scores, n);
}

}  // namespace latent
