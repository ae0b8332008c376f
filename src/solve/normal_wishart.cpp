#include "src/solve/normal_wishart.h"

#include <cmath>

namespace latent {

namespace {

/// x <- L^-T x for a lower triangle [D, D].
void solve_transposed(const double* l, double* x, int d) {
  for (int i = d - 1; i >= 0; --i) {
    double s = x[i];
    for (int j = i + 1; j < d; ++j) s -= l[j * d + i] * x[j];
    x[i] = s / l[i * d + i];
  }
}

/// x <- L^-1 x.
void solve_lower(const double* l, double* x, int d) {
  for (int i = 0; i < d; ++i) {
    double s = x[i];
    for (int j = 0; j < i; ++j) s -= l[i * d + j] * x[j];
    x[i] = s / l[i * d + i];
  }
}

/// Precision ~ Wishart(S^-1, degrees) for the lower triangle of S, which is overwritten.
std::vector<double> draw_wishart(std::vector<double> s, double degrees, int d,
                                 RandomStream& stream) {
  cholesky_lower(s.data(), d);
  // Bartlett: with S = C C^T and lower A, whose diagonal is the roots of chi squares and whose rest
  // is normal, C^-T A A^T C^-1 is Wishart(S^-1).
  std::vector<double> b(static_cast<size_t>(d) * d);  // A^T: column i of A is row i of it
  for (int i = 0; i < d; ++i) {
    b[i * d + i] = std::sqrt(2 * draw_gamma((degrees - i) / 2, stream));
    for (int j = i + 1; j < d; ++j) b[i * d + j] = stream.normal();
    solve_transposed(s.data(), &b[i * d], d);
  }
  std::vector<double> out(static_cast<size_t>(d) * d);
  for (int c = 0; c < d; ++c) {
    for (int i = 0; i < d; ++i) {
      for (int j = 0; j < d; ++j) out[i * d + j] += b[c * d + i] * b[c * d + j];
    }
  }
  return out;
}

}  // namespace

double draw_gamma(double shape, RandomStream& stream) {
  if (shape < 1) {
    const double u = 1 - stream.uniform();
    return draw_gamma(shape + 1, stream) * std::pow(u, 1 / shape);
  }
  const double d = shape - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  while (true) {
    const double x = stream.normal(), v = std::pow(1 + c * x, 3);
    if (v <= 0) continue;
    const double u = 1 - stream.uniform();
    if (std::log(u) < x * x / 2 + d * (1 - v + std::log(v))) return d * v;
  }
}

void GroupSums::add(const double* x) {
  const auto d = static_cast<int>(sum.size());
  ++count;
  for (int i = 0; i < d; ++i) {
    sum[i] += x[i];
    for (int j = 0; j <= i; ++j) squares[i * d + j] += x[i] * x[j];
  }
}

void GroupSums::add(const GroupSums& other) {
  count += other.count;
  for (size_t n = 0; n < sum.size(); ++n) sum[n] += other.sum[n];
  for (size_t n = 0; n < squares.size(); ++n) squares[n] += other.squares[n];
}

NormalGroup draw_group(const GroupSums& members, RandomStream& stream) {
  const auto d = static_cast<int>(members.sum.size());
  const auto n = static_cast<double>(members.count);
  // I + sum x x^T - (sum x)(sum x)^T / (n + 1): the scatter about the mean with that of the mean
  // about 0, as one member more at 0 would have it.
  std::vector<double> scatter = members.squares;
  for (int i = 0; i < d; ++i) {
    for (int j = 0; j <= i; ++j)
      scatter[i * d + j] -= members.sum[i] * members.sum[j] / (n + 1);
    scatter[i * d + i] += 1;
  }
  NormalGroup group{members.sum, draw_wishart(scatter, d + n, d, stream)};
  std::vector<double> root = group.precision, noise(d);
  cholesky_lower(root.data(), d);
  for (double& e : noise) e = stream.normal();
  solve_transposed(root.data(), noise.data(), d);
  for (int i = 0; i < d; ++i)
    group.mean[i] = group.mean[i] / (n + 1) + noise[i] / std::sqrt(n + 1);
  return group;
}

void cholesky_lower(double* a, int d) {
  for (int j = 0; j < d; ++j) {
    double pivot = a[j * d + j];
    for (int k = 0; k < j; ++k) pivot -= a[j * d + k] * a[j * d + k];
    pivot = std::sqrt(pivot);
    a[j * d + j] = pivot;
    for (int i = j + 1; i < d; ++i) {
      double s = a[i * d + j];
      for (int k = 0; k < j; ++k) s -= a[i * d + k] * a[j * d + k];
      a[i * d + j] = s / pivot;
    }
  }
}

void draw_normal(double* a, double* b, int d, RandomStream& stream) {
  cholesky_lower(a, d);
  solve_lower(a, b, d);
  for (int i = 0; i < d; ++i) b[i] += stream.normal();
  solve_transposed(a, b, d);
}

}  // namespace latent
