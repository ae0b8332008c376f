#include "src/metrics/significance.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace latent {

namespace {

/// Calls group(first, last) for each run of equal sizes in ascending order; [first, last) are
/// places of `order`, whose ranks are first + 1 ... last.
template <typename Group>
void for_each_tie(std::span<const double> differences, std::span<const size_t> order,
                  const Group& group) {
  const auto size_at = [&](size_t n) { return std::abs(differences[order[n]]); };
  for (size_t first = 0, last; first < order.size(); first = last) {
    for (last = first + 1; last < order.size() && size_at(last) == size_at(first);) ++last;
    group(first, last);
  }
}

}  // namespace

SignedRank wilcoxon_signed_rank(std::span<const double> differences) {
  std::vector<size_t> order(differences.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t n) { return std::abs(differences[n]); });
  double above = 0, below = 0, zeros = 0, ties = 0;
  for_each_tie(differences, order, [&](size_t first, size_t last) {
    const double size = static_cast<double>(last - first);
    if (differences[order[first]] == 0) {
      zeros = size;
      return;
    }
    ties += size * (size * size - 1);
    const double rank = (static_cast<double>(first + last) + 1) / 2;  // the group's mean
    for (size_t n = first; n < last; ++n) (differences[order[n]] > 0 ? above : below) += rank;
  });
  const auto count = static_cast<double>(differences.size());
  if (count == zeros) return {};
  const auto sum_to = [](double n) { return n * (n + 1); };
  const double mean = (sum_to(count) - sum_to(zeros)) / 4;
  const double squares =
      sum_to(count) * (2 * count + 1) - sum_to(zeros) * (2 * zeros + 1) - ties / 2;
  const double z = (std::min(above, below) - mean) / std::sqrt(squares / 24);
  return {std::erfc(std::abs(z) / std::sqrt(2.0)), (above - below) / (sum_to(count) / 2)};
}

std::vector<double> holm(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t n) { return p[n]; });
  std::vector<double> out(p.size());
  double least = 0;
  for (size_t n = 0; n < order.size(); ++n) {
    const auto left = static_cast<double>(p.size() - n);
    least = std::max(least, std::min(1.0, left * p[order[n]]));
    out[order[n]] = least;
  }
  return out;
}

double student_t_975(int64_t df) {
  constexpr std::array<double, 10> kFirst = {12.706204736432095, 4.302652729911275,
                                             3.182446305284263,  2.7764451051977987,
                                             2.5705818366147395, 2.4469118511449692,
                                             2.3646242510102993, 2.306004135033371,
                                             2.2621571627409915, 2.2281388519649385};
  if (df <= std::ssize(kFirst)) return kFirst[static_cast<size_t>(df) - 1];
  // Cornish and Fisher's expansion: four digits and more from there on.
  const double z = 1.959963984540054, n = static_cast<double>(df), z2 = z * z;
  return z + z * (z2 + 1) / (4 * n) + z * (5 * z2 * z2 + 16 * z2 + 3) / (96 * n * n) +
         z * (3 * z2 * z2 * z2 + 19 * z2 * z2 + 17 * z2 - 15) / (384 * n * n * n);
}

}  // namespace latent
