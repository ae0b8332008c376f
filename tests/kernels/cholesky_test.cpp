#include "src/kernels/cholesky.h"

#include <cmath>
#include <vector>

#include "src/base/rng.h"
#include "src/kernels/gemm.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(Cholesky, SolvesAsThePlainFormForEverySize) {
  for (int n = 1; n <= 70; ++n) {
    RandomStream random = Rng(n).stream("cholesky");
    const int stride = padded_columns(n);
    std::vector<float> basis(int64_t{n} * n), a(int64_t{n} * stride), x(stride);
    for (float& v : basis) v = static_cast<float>(random.normal());
    for (int i = 0; i < n; ++i) {
      x[i] = static_cast<float>(random.normal());
      for (int j = i; j < n; ++j) {
        double sum = i == j ? n : 0;
        for (int k = 0; k < n; ++k) sum += double{basis[k * n + i]} * basis[k * n + j];
        a[int64_t{i} * stride + j] = static_cast<float>(sum);
      }
    }
    std::vector<float> expected = x;
    cholesky_solve_plain(a.data(), n, stride, expected.data());
    cholesky_solve(a.data(), n, stride, x.data());
    for (int i = 0; i < n; ++i) ASSERT_NEAR(x[i], expected[i], 1e-6) << "size " << n;
  }
}

TEST(Cholesky, OfAMatrixThatIsNotPositiveDefiniteIsNotFinite) {
  const int stride = padded_columns(2);
  std::vector<float> a(2 * stride), x(stride, 0);
  a[0] = 1, a[1] = 2, a[stride + 1] = 1;
  x[0] = x[1] = 1;
  cholesky_solve(a.data(), 2, stride, x.data());
  EXPECT_FALSE(std::isfinite(x[0]) && std::isfinite(x[1]));
}

}  // namespace
}  // namespace latent
