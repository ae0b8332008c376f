// A model as the plain tables that evaluation works on.
#pragma once

#include "models/recommender.h"
#include "src/score/factor_view.h"

namespace latent {

/// What RecommenderImpl::scored() and item_items() give, on the CPU, and the view into it; where the
/// model is on the CPU in floats they share its storage.
class ModuleView {
 public:
  explicit ModuleView(const RecommenderImpl& model);
  const FactorView& view() const { return view_; }

 private:
  ScoreTables tables_;
  ItemItemTables item_items_;
  FactorView view_;
};

}  // namespace latent
