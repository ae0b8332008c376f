#include "src/solve/normal_wishart.h"

#include <algorithm>
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

/// Of elements `first` to `first + size`.
void draw_block(const GroupSums& members, int first, int size, RandomStream& stream,
                NormalGroup& out) {
  const auto d = static_cast<int>(members.sum.size());
  const auto n = static_cast<double>(members.count);
  const double* const sum = &members.sum[first];
  // I + sum x x^T - (sum x)(sum x)^T / (n + 1): the scatter about the mean with that of the mean
  // about 0, as one member more at 0 would have it.
  std::vector<double> scatter(static_cast<size_t>(size) * size);
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j <= i; ++j)
      scatter[i * size + j] =
          members.squares[(first + i) * d + first + j] - sum[i] * sum[j] / (n + 1);
    scatter[i * size + i] += 1;
  }
  const std::vector<double> precision = draw_wishart(scatter, size + n, size, stream);
  std::vector<double> root = precision, noise(size);
  cholesky_lower(root.data(), size);
  for (double& e : noise) e = stream.normal();
  solve_transposed(root.data(), noise.data(), size);
  for (int i = 0; i < size; ++i) {
    out.mean[first + i] = sum[i] / (n + 1) + noise[i] / std::sqrt(n + 1);
    std::copy_n(&precision[i * size], size, &out.precision[(first + i) * d + first]);
  }
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
  NormalGroup out{std::vector<double>(d), std::vector<double>(static_cast<size_t>(d) * d)};
  draw_block(members, 0, std::min(d, 1), stream, out);
  if (d > 1) draw_block(members, 1, d - 1, stream, out);
  return out;
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
