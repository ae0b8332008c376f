#include "src/metrics/factor_map.h"

#include <algorithm>
#include <cmath>

#include "src/kernels/gemm.h"

namespace latent {

namespace {

constexpr int kRounds = 500;
constexpr int kLanes = 16;  // sums that go side by side

float dot(std::span<const float> a, std::span<const float> b) {
  float sums[kLanes] = {};
  for (size_t n = 0; n < a.size(); n += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += a[n + lane] * b[n + lane];
  }
  float sum = 0;
  for (const float part : sums) sum += part;
  return sum;
}

using Doubles = std::vector<double>;

double inner(const Doubles& a, const Doubles& b) {
  double sum = 0;
  for (size_t n = 0; n < a.size(); ++n) sum += a[n] * b[n];
  return sum;
}

Doubles times(const Doubles& matrix, const Doubles& v) {
  Doubles out(v.size());
  for (size_t row = 0; row < v.size(); ++row) {
    for (size_t n = 0; n < v.size(); ++n) out[row] += matrix[row * v.size() + n] * v[n];
  }
  return out;
}

void scale(Doubles& v, double by) {
  for (double& value : v) value *= by;
}

void take_away(Doubles& v, const Doubles& direction) {
  const double along = inner(v, direction);
  for (size_t n = 0; n < v.size(); ++n) v[n] -= along * direction[n];
}

/// The leading eigenvector that is orthogonal to `before` (if not empty), by powers of the matrix.
Doubles leading(const Doubles& matrix, size_t size, const Doubles& before) {
  Doubles v(size);
  for (size_t n = 0; n < size; ++n) v[n] = 1 + 1 / static_cast<double>(n + 2);
  double was = 0;
  for (int round = 0; round < kRounds; ++round) {
    if (!before.empty()) take_away(v, before);
    const double length = std::sqrt(inner(v, v));
    if (length == 0) break;  // no direction is left
    scale(v, 1 / length);
    Doubles next = times(matrix, v);
    const double value = inner(v, next);
    if (std::abs(value - was) <= 1e-13 * std::abs(value) && round > 50) break;
    was = value;
    if (value <= 0) break;
    v = std::move(next);
  }
  if (!before.empty()) take_away(v, before);
  const double length = std::sqrt(inner(v, v));
  if (length > 0) scale(v, 1 / length);
  const auto greatest =
      std::ranges::max_element(v, [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (*greatest < 0) scale(v, -1);
  return v;
}

}  // namespace

ItemFactors::ItemFactors(const FactorView& model, bool with_bias) : items(model.items) {
  const bool bias = with_bias && model.beta_item != nullptr;
  stride = padded_columns(model.factors + (bias ? 1 : 0));
  rows.resize(static_cast<size_t>(items) * stride);
  for (int32_t i = 0; i < items; ++i) {
    float* const row = rows.data() + int64_t{i} * stride;
    std::copy_n(model.factors_of_item(i), model.factors, row);
    if (bias) row[model.factors] = model.beta_item[i];
  }
}

std::array<double, 2> PrincipalAxes::place(std::span<const float> item) const {
  std::array<double, 2> out{};
  for (size_t n = 0; n < item.size(); ++n) {
    out[0] += item[n] * axis[0][n];
    out[1] += item[n] * axis[1][n];
  }
  return out;
}

PrincipalAxes principal_axes(const ItemFactors& factors, int threads) {
  const auto size = static_cast<size_t>(factors.stride);
  const Doubles matrix = gram(factors.rows.data(), factors.items, factors.stride, threads);
  double trace = 0;
  for (size_t n = 0; n < size; ++n) trace += matrix[n * size + n];
  PrincipalAxes out;
  out.axis[0] = leading(matrix, size, {});
  out.axis[1] = leading(matrix, size, out.axis[0]);
  for (int n = 0; n < 2; ++n) {
    const Doubles& v = out.axis[n];
    out.share[n] = trace > 0 ? inner(v, times(matrix, v)) / trace : 0;
  }
  return out;
}

std::vector<std::vector<Scored>> cosine_neighbours(const ItemFactors& factors,
                                                   std::span<const int32_t> items, int k,
                                                   std::span<const int32_t> known) {
  std::vector<float> length(factors.items);
  for (int32_t i = 0; i < factors.items; ++i)
    length[i] = std::sqrt(dot(factors.of(i), factors.of(i)));
  std::vector<TopK> best(items.size(), TopK(k));
  for (int32_t other = 0; other < factors.items; ++other) {
    if (known[other] == 0 || !(length[other] > 0)) continue;
    for (size_t n = 0; n < items.size(); ++n) {
      const int32_t item = items[n];
      if (item == other || !(length[item] > 0)) continue;
      best[n].push(other, dot(factors.of(item), factors.of(other)) / length[item] / length[other]);
    }
  }
  std::vector<std::vector<Scored>> out;
  for (TopK& top : best) out.push_back(top.take());
  return out;
}

}  // namespace latent
