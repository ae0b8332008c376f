#include "models/mf_losses.h"

#include <stdexcept>

#include "src/config/mf_settings.h"

namespace latent {

namespace {

using torch::Tensor;

/// Weighted means over negatives; 0 where there are none.
class Mean {
 public:
  explicit Mean(const NegativeScores& s)
      : weight_(s.weight), sum_(s.weight.sum(/*dim=*/-1)), none_(sum_.eq(0)) {}

  Tensor of(const Tensor& terms) const {  // [B, N] -> [B]
    return (weight_ * terms).sum(/*dim=*/-1) / sum_.masked_fill(none_, 1);
  }

  /// log sum_j w_j exp(x_j).
  Tensor log_sum_exp(const Tensor& x) const {
    constexpr double kNever = -1e30;  // finite, so that a row of nothing else has no NaN in it
    const Tensor logs = x + weight_.clamp_min(1e-37).log();
    const Tensor sums = logs.masked_fill(weight_.eq(0), kNever).logsumexp(/*dim=*/-1);
    return torch::where(none_, torch::zeros_like(sums), sums);
  }
  Tensor log_mean_exp(const Tensor& x) const {
    return log_sum_exp(x) - sum_.masked_fill(none_, 1).log();
  }

  /// `x` where there are negatives, else 0.
  Tensor where_any(const Tensor& x) const {
    return torch::where(none_, torch::zeros_like(x), x);
  }

 private:
  Tensor weight_, sum_, none_;
};

/// The mean of `values` [B] over the samples of each one's user: [B].
Tensor mean_of_user(const Tensor& values, const Tensor& users, int64_t all_users) {
  // Over all users: how many the batch has would be a number to wait for.
  const Tensor none = torch::zeros({all_users}, values.options());
  const Tensor sums = none.index_add(0, users, values);
  const Tensor counts = none.index_add(0, users, torch::ones_like(values).detach()).clamp_min(1);
  return (sums / counts).index_select(0, users);
}

Tensor uniformity(const Tensor& x) {
  const int64_t rows = x.size(0);
  if (rows < 2) return torch::zeros({}, x.options());
  // |x - y|^2 = 2 - 2 x . y for rows of length 1.
  const Tensor terms = (4 * torch::matmul(x, x.t()) - 4).exp();
  const Tensor same = torch::eye(rows, x.options().dtype(torch::kBool));
  const auto pairs = static_cast<double>(rows * (rows - 1));
  return (terms.masked_fill(same, 0).sum() / pairs).log();
}

}  // namespace

Tensor many_negatives_loss(const NegativeScores& s, const MfOptions& options) {
  const std::string& loss = options.loss;
  const Mean mean(s);
  const Tensor &positive = s.positive, &negative = s.negative, above = positive.unsqueeze(-1);
  const auto softplus = [](const Tensor& x) { return torch::softplus(x); };
  const double weight = negative_weight_of(options), margin = margin_of(options);
  if (loss == "mse")
    return ((1 - positive).square() + weight * mean.of(negative.square())).mean();
  if (loss == "bce")
    return (softplus(-positive) + weight * mean.of(softplus(negative))).mean();
  if (loss == "bpr") return mean.of(softplus(negative - above)).mean();
  if (loss == "hinge") return mean.of(torch::relu(margin + negative - above)).mean();
  if (loss == "ccl")
    return (1 - positive + weight * mean.of(torch::relu(negative - margin))).mean();
  const double tau = *options.tau.value;
  if (loss == "softmax")
    return (-positive / tau + mean.log_sum_exp(negative / tau)).mean();
  if (loss == "bsl") {
    // The largest is taken out and put back: exp() stays finite.
    const Tensor top = (positive / tau).detach().max();
    const Tensor own = mean_of_user((positive / tau - top).exp(), s.users, s.all_users).log() + top;
    return (-own + options.tau2 * mean.log_mean_exp(negative / tau)).mean();
  }
  if (loss == "sl_at_k") {
    const Tensor weights = torch::sigmoid((positive - s.thresholds) / options.tau_w);
    return (weights * mean.where_any(mean.log_sum_exp((negative - above) / tau))).mean();
  }
  throw std::logic_error("no loss '" + loss + "' against negatives");
}

Tensor directau_loss(const Tensor& users, const Tensor& items, double gamma) {
  const Tensor alignment = (users - items).square().sum(/*dim=*/-1).mean();
  return alignment + gamma / 2 * (uniformity(users) + uniformity(items));
}

}  // namespace latent
