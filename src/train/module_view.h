// A model as the plain tables that evaluation works on.
#pragma once

#include <utility>
#include <vector>

#include "models/recommender.h"
#include "src/score/factor_view.h"

namespace latent {

/// What RecommenderImpl::scored() and item_items() give, on the CPU, and the view into it; where the
/// model is on the CPU in floats they share its storage. Factors in bfloat16 that are being trained
/// lie meanwhile in the memory of their gradient, which holds nothing between two steps: looking at
/// them takes no more memory. So a step and a view of one model exclude each other.
class ModuleView {
 public:
  explicit ModuleView(const RecommenderImpl& model);
  ~ModuleView();
  ModuleView(const ModuleView&) = delete;
  ModuleView& operator=(const ModuleView&) = delete;

  const FactorView& view() const { return view_; }

 private:
  torch::Tensor factors(const torch::Tensor& table);

  std::vector<std::pair<torch::Tensor, torch::Tensor>> lent_;  // tables, memory of their gradients
  ScoreTables tables_;
  ItemItemTables item_items_;
  FactorView view_;
};

}  // namespace latent
