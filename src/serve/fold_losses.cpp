#include "src/serve/fold_losses.h"

#include <algorithm>
#include <cmath>

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

/// Of one of the user's items against others of one weight: their sigmoids are added to `sums`,
/// lane by lane so that they can be taken together. `own` and `others`: scores, and exp of each.
struct PairSums {
  double slopes = 0, loss = 0;
};
PairSums pair_sums(double own, double own_exp, std::span<const double> others,
                   std::span<const double> others_exp, double* sums) {
  constexpr size_t kLanes = 8;
  // softplus(x) = max(x, 0) - log max(sigmoid, 1 - sigmoid): a logarithm for a product of many.
  // Each factor is at least a half, so this many stay far from underflow.
  constexpr size_t kFactors = 512 * kLanes;
  PairSums out;
  for (size_t from = 0; from < others.size(); from += kFactors) {
    const size_t end = std::min(from + kFactors, others.size());
    double slopes[kLanes] = {}, above[kLanes] = {}, product[kLanes];
    std::ranges::fill(product, 1.0);
    const auto take = [&](size_t j, size_t lane) {
      const double sigmoid = others_exp[j] / (own_exp + others_exp[j]);
      sums[j] += sigmoid;
      slopes[lane] += sigmoid;
      above[lane] += std::max(others[j] - own, 0.0);
      product[lane] *= std::max(sigmoid, 1 - sigmoid);
    };
    size_t j = from;
    for (; j + kLanes <= end; j += kLanes) {
      for (size_t lane = 0; lane < kLanes; ++lane) take(j + lane, lane);
    }
    for (; j < end; ++j) take(j, j % kLanes);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      out.slopes += slopes[lane];
      out.loss += above[lane] - std::log(product[lane]);
    }
  }
  return out;
}

double bpr(const FoldInSpec&, UserScores& s) {
  const auto [low, high] = std::ranges::minmax(s.others);
  const auto [lowest, highest] = std::ranges::minmax(s.own);
  const double middle = (std::min(low, lowest) + std::max(high, highest)) / 2;
  constexpr double kMostApart = 350;  // exp of it and of minus it are numbers
  if (!(std::max(high, highest) - middle < kMostApart)) {
    return over_pairs(s, [](double x, double& slope) {
      slope = sigmoid(x);
      return softplus(x);
    });
  }
  std::vector<double> others_exp;
  for (const double score : s.others) others_exp.push_back(std::exp(score - middle));
  const double share = 1 / static_cast<double>(s.own.size());
  double loss = 0;
  for (size_t from = 0, end = 0; from < s.others.size(); from = end) {
    while (end < s.others.size() && s.weight[end] == s.weight[from]) ++end;
    const double weight = share * s.weight[from];
    const std::span<const double> others = std::span(s.others).subspan(from, end - from);
    for (size_t i = 0; i < s.own.size(); ++i) {
      const PairSums sums = pair_sums(s.own[i], std::exp(s.own[i] - middle), others,
                                      std::span(others_exp).subspan(from, end - from),
                                      s.other_slope.data() + from);
      s.own_slope[i] -= weight * sums.slopes;
      loss += weight * sums.loss;
    }
    for (size_t j = from; j < end; ++j) s.other_slope[j] *= weight;
  }
  return loss;
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

}  // namespace

double user_loss(const FoldInSpec& spec, UserScores& scores) {
  scores.own_slope.assign(scores.own.size(), 0);
  scores.other_slope.assign(scores.others.size(), 0);
  return row_of(spec.loss)->value(spec, scores);
}

bool has_user_loss(const std::string& loss) { return row_of(loss) != nullptr; }

}  // namespace latent
