// A torch model as the plain tables that evaluation works on.
#pragma once

#include "models/recommender.h"
#include "src/score/factor_view.h"

namespace latent {

/// Tables on the CPU and the view into them; where the model is on the CPU they share its storage.
class ModuleView {
 public:
  /// `lowest`, `highest`: where predictions are clipped. `default_prediction`: see FactorView.
  ModuleView(const ScoreTables& tables, int64_t users, int64_t items,
             double lowest = -std::numeric_limits<double>::infinity(),
             double highest = std::numeric_limits<double>::infinity(),
             std::optional<double> default_prediction = {});
  const FactorView& view() const { return view_; }

 private:
  ScoreTables tables_;
  FactorView view_;
};

}  // namespace latent
