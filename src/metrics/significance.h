// Tests of paired differences: whether they are more than luck.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace latent {

struct SignedRank {
  double p = 1;  ///< two-sided
  /// (W+ - W-) / (W+ + W- + ranks of the zeros): 1 where every difference is above 0, -1 where
  /// every one is below, 0 where the two weigh the same (Kerby, 2014; zeros weigh for neither).
  double rank_biserial = 0;
};

/// Wilcoxon's signed-rank test, zero differences by Pratt (1959): they are ranked, and their ranks
/// left out. By the normal approximation with the correction for ties and without that for
/// continuity: SciPy's wilcoxon(zero_method="pratt", correction=False, method="approx"). Where all
/// differences are 0, or there are none, p is 1.
SignedRank wilcoxon_signed_rank(std::span<const double> differences);

/// The p values of a family of tests, each adjusted so that the chance of any false rejection stays
/// below the level at which one rejects (Holm, 1979). In the order of `p`.
std::vector<double> holm(std::span<const double> p);

/// The 97.5 % point of Student's t; `df` of at least 1.
double student_t_975(int64_t df);

}  // namespace latent
