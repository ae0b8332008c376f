// How the ranks of an iALS training get each other's rows.
#include <algorithm>
#include <iterator>

#include "src/solve/ials.h"

namespace latent {

void IalsSolver::share_solved(const Half& half, const Plan& plan,
                              const std::vector<int64_t>& tasks, const Shares& shares,
                              std::vector<double>& objectives) const {
  const auto rows = std::ssize(plan.rows);
  const auto begin_of = [&](int64_t task) {
    const int64_t batch = tasks[task];
    return batch < std::ssize(plan.batches) ? plan.batches[batch].first : rows;
  };
  Shares of_rows;
  for (const int64_t task : shares) of_rows.push_back(begin_of(task));
  // In the order of the plan, in which a rank's rows are neighbours.
  std::vector<float> solved(rows * factors_);
  std::vector<double> losses(rows);
  const auto each = [&](const auto& fn) {
    for (int64_t n = 0; n < rows; ++n)
      fn(half.solved.data() + int64_t{plan.rows[n]} * stride_, solved.data() + n * factors_,
         objectives[plan.rows[n]], losses[n]);
  };
  each([&](float* row, float* packed, double objective, double& loss) {
    std::copy_n(row, factors_, packed);
    loss = objective;
  });
  const SharedArray arrays[] = {
      {solved.data(), factors_ * int64_t{sizeof(float)}, pieces_of(of_rows)},
      {losses.data(), sizeof(double), pieces_of(of_rows)}};
  peers_.gather(arrays);
  each([&](float* row, float* packed, double& objective, double loss) {
    std::copy_n(packed, factors_, row);
    objective = loss;
  });
}

}  // namespace latent
