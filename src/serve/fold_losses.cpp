#include "src/serve/fold_losses.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>

namespace latent {

namespace {

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// mean_i m(f(s_j - s_i)); fn(x, slope) returns f and sets its slope.
template <typename Fn>
double over_pairs(UserScores& s, const Fn& fn) {
  const double share = 1 / static_cast<double>(s.own.size());
  double sum = 0;
  for (size_t i = 0; i < s.own.size(); ++i) {
    for (size_t j = 0; j < s.others.size(); ++j) {
      double slope = 0;
      const double weight = share * s.weight[j];
      sum += weight * fn(s.others[j] - s.own[i], slope);
      s.own_slope[i] -= weight * slope;
      s.other_slope[j] += weight * slope;
    }
  }
  return sum;
}

/// factor * sum_n weight_n f(score_n), slopes added.
template <typename Fn>
double over_scores(std::span<const double> scores, std::span<double> slopes, double factor,
                   const Fn& fn) {
  double sum = 0;
  for (size_t n = 0; n < scores.size(); ++n) {
    double slope = 0;
    sum += factor * fn(n, scores[n], slope);
    slopes[n] += factor * slope;
  }
  return sum;
}

/// factor * log sum_n weight(n) exp(score_n / tau), slopes added.
template <typename Weight>
double log_sum_exp(std::span<const double> scores, std::span<double> slopes, double tau,
                   double factor, const Weight& weight) {
  const double top = *std::ranges::max_element(scores) / tau;
  double sum = 0;
  for (size_t n = 0; n < scores.size(); ++n) sum += weight(n) * std::exp(scores[n] / tau - top);
  for (size_t n = 0; n < scores.size(); ++n)
    slopes[n] += factor * weight(n) * std::exp(scores[n] / tau - top) / (sum * tau);
  return factor * (std::log(sum) + top);
}

double bpr(const FoldInSpec&, UserScores& s) {
  return over_pairs(s, [](double x, double& slope) {
    const double e = std::exp(-std::abs(x));  // for value and slope alike
    slope = (x >= 0 ? 1 : e) / (1 + e);
    return std::max(x, 0.0) + std::log1p(e);
  });
}

double hinge(const FoldInSpec& spec, UserScores& s) {
  return over_pairs(s, [&](double x, double& slope) {
    slope = spec.margin + x > 0 ? 1 : 0;
    return std::max(0.0, spec.margin + x);
  });
}

/// A part for the user's items, whose mean counts, and one for the others.
template <typename Own, typename Other>
double pointwise(const FoldInSpec& spec, UserScores& s, const Own& own, const Other& other) {
  const double share = 1 / static_cast<double>(s.own.size());
  const auto weighted = [&](size_t j, double x, double& slope) {
    const double value = other(x, slope);
    slope *= s.weight[j];
    return s.weight[j] * value;
  };
  return over_scores(s.own, s.own_slope, share,
                     [&](size_t, double x, double& slope) { return own(x, slope); }) +
         over_scores(s.others, s.other_slope, spec.negative_weight, weighted);
}

double mse(const FoldInSpec& spec, UserScores& s) {
  const auto own = [](double x, double& slope) {
    slope = 2 * (x - 1);
    return (1 - x) * (1 - x);
  };
  const auto other = [](double x, double& slope) {
    slope = 2 * x;
    return x * x;
  };
  return pointwise(spec, s, own, other);
}

double bce(const FoldInSpec& spec, UserScores& s) {
  const auto own = [](double x, double& slope) {
    slope = -sigmoid(-x);
    return softplus(-x);
  };
  const auto other = [](double x, double& slope) {
    slope = sigmoid(x);
    return softplus(x);
  };
  return pointwise(spec, s, own, other);
}

double ccl(const FoldInSpec& spec, UserScores& s) {
  const auto own = [](double x, double& slope) {
    slope = -1;
    return 1 - x;
  };
  const auto other = [&](double x, double& slope) {
    slope = x > spec.margin ? 1 : 0;
    return std::max(0.0, x - spec.margin);
  };
  return pointwise(spec, s, own, other);
}

double softmax(const FoldInSpec& spec, UserScores& s) {
  const double share = 1 / static_cast<double>(s.own.size());
  const auto own = [&](size_t, double x, double& slope) {
    slope = -1 / spec.tau;
    return -x / spec.tau;
  };
  return over_scores(s.own, s.own_slope, share, own) +
         log_sum_exp(s.others, s.other_slope, spec.tau, 1, [&](size_t j) { return s.weight[j]; });
}

double bsl(const FoldInSpec& spec, UserScores& s) {
  const double share = 1 / static_cast<double>(s.own.size());
  return log_sum_exp(s.own, s.own_slope, spec.tau, -1, [&](size_t) { return share; }) +
         log_sum_exp(s.others, s.other_slope, spec.tau, spec.tau2,
                     [&](size_t j) { return s.weight[j]; });
}

struct LossRow {
  const char* name;
  double (*value)(const FoldInSpec&, UserScores&);
};
constexpr LossRow kLosses[] = {{"bpr", bpr},         {"hinge", hinge}, {"mse", mse},
                               {"bce", bce},         {"ccl", ccl},     {"softmax", softmax},
                               {"sl_at_k", softmax}, {"bsl", bsl}};

const LossRow* row_of(const std::string& loss) {
  const auto* const row =
      std::ranges::find_if(kLosses, [&](const LossRow& r) { return loss == r.name; });
  return row == std::end(kLosses) ? nullptr : row;
}

double product(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
double largest(std::span<const double> x) {
  double out = 0;
  for (const double value : x) out = std::max(out, std::abs(value));
  return out;
}

/// The last moves and what they did to the gradient.
class Memory {
 public:
  void add(std::vector<double> move, std::vector<double> change) {
    const double curvature = product(move, change);
    if (!(curvature > 1e-10 * std::sqrt(product(move, move) * product(change, change)))) return;
    if (pairs_.size() == kPairs) pairs_.pop_front();
    pairs_.push_back({std::move(move), std::move(change), 1 / curvature});
  }
  void clear() { pairs_.clear(); }

  /// Minus the inverse of the curvature so far, times the gradient.
  std::vector<double> direction(std::span<const double> gradient) const {
    std::vector<double> d(gradient.begin(), gradient.end()), a(pairs_.size());
    const auto add = [&](double factor, const std::vector<double>& x) {
      for (size_t k = 0; k < d.size(); ++k) d[k] += factor * x[k];
    };
    for (size_t n = pairs_.size(); n-- > 0;) {
      a[n] = pairs_[n].inverse * product(pairs_[n].move, d);
      add(-a[n], pairs_[n].change);
    }
    double scale = 1 / std::max(std::sqrt(product(gradient, gradient)), 1e-300);
    if (!pairs_.empty())
      scale = 1 / (pairs_.back().inverse * product(pairs_.back().change, pairs_.back().change));
    for (double& value : d) value *= scale;
    for (size_t n = 0; n < pairs_.size(); ++n)
      add(a[n] - pairs_[n].inverse * product(pairs_[n].change, d), pairs_[n].move);
    for (double& value : d) value = -value;
    return d;
  }

 private:
  static constexpr size_t kPairs = 10;
  struct Pair {
    std::vector<double> move, change;
    double inverse;
  };
  std::deque<Pair> pairs_;
};

}  // namespace

double user_loss(const FoldInSpec& spec, UserScores& scores) {
  scores.own_slope.assign(scores.own.size(), 0);
  scores.other_slope.assign(scores.others.size(), 0);
  return row_of(spec.loss)->value(spec, scores);
}

bool has_user_loss(const std::string& loss) { return row_of(loss) != nullptr; }

void minimise(const std::function<double(std::span<const double>, std::span<double>)>& f,
              std::vector<double>& x) {
  constexpr int kSteps = 200, kHalvings = 30;
  constexpr double kFlat = 1e-8;
  std::vector<double> gradient(x.size()), next(x.size()), next_gradient(x.size());
  double value = f(x, gradient);
  Memory memory;
  for (int step = 0; step < kSteps && largest(gradient) > kFlat; ++step) {
    std::vector<double> d = memory.direction(gradient);
    double slope = product(d, gradient);
    if (!(slope < 0)) {
      memory.clear();
      d = memory.direction(gradient);
      slope = product(d, gradient);
    }
    double length = 1;
    bool lower = false;
    for (int halving = 0; halving < kHalvings && !lower; ++halving, length /= 2) {
      for (size_t k = 0; k < x.size(); ++k) next[k] = x[k] + length * d[k];
      const double there = f(next, next_gradient);
      lower = there <= value + 1e-4 * length * slope;
      if (lower) value = there;
    }
    if (!lower) return;  // as low as double precision tells
    std::vector<double> move(x.size()), change(x.size());
    for (size_t k = 0; k < x.size(); ++k) {
      move[k] = next[k] - x[k];
      change[k] = next_gradient[k] - gradient[k];
    }
    memory.add(std::move(move), std::move(change));
    x.swap(next);
    gradient.swap(next_gradient);
  }
}

}  // namespace latent
