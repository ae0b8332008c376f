#include "src/export/draw_priors.h"

#include <vector>

namespace latent {

using torch::Tensor;

DrawPriors draw_priors(const Tensor& biases, const Tensor& factors,
                       std::span<const int32_t> user_rows) {
  std::vector<int64_t> trained;
  for (size_t u = 0; u < user_rows.size(); ++u) {
    if (user_rows[u] > 0) trained.push_back(static_cast<int64_t>(u));
  }
  const Tensor rows = torch::tensor(trained);
  const int64_t draws = biases.size(1), columns = factors.size(1) / draws;
  const auto count = static_cast<double>(trained.size());
  std::vector<Tensor> means, precisions;
  for (int64_t s = 0; s < draws; ++s) {
    const Tensor x = torch::cat({biases.narrow(1, s, 1), factors.narrow(1, s * columns, columns)},
                                /*dim=*/1)
                         .detach()
                         .index_select(0, rows)
                         .to(torch::kDouble);  // [U, D]
    const Tensor mean = x.sum(/*dim=*/0) / std::max(count, 1.0);
    const Tensor scatter = torch::matmul((x - mean).t(), x - mean);
    const Tensor spread = scatter.diagonal().mean() / std::max(count, 1.0) + 1e-12;
    const Tensor covariance =
        (scatter + spread * torch::eye(columns + 1, torch::kDouble)) / (count + 1);
    means.push_back(mean);
    precisions.push_back(torch::linalg_inv(covariance));
  }
  return {torch::stack(means), torch::stack(precisions)};
}

}  // namespace latent
