// A minimum of a smooth function of some factors.
#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <numeric>

#include "src/serve/fold_losses.h"

namespace latent {

namespace {

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
