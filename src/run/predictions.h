// Predicted ratings of held-out rows, whose users may be other ranks'. Free of torch.
#pragma once

#include <vector>

#include "src/base/peers.h"
#include "src/data/interactions.h"
#include "src/score/factor_view.h"

namespace latent {

/// What a model predicts for each of some rows. Each rank of several predicts for its own users;
/// the first one gets them all, to sum up errors in the order of the rows, as one process does.
/// What the others have of it means nothing.
class Predictions {
 public:
  /// Keeps references. `users`: whose they are; not shared: all are here, and each prediction is
  /// made when it is asked for.
  Predictions(const FactorView& model, const Interactions& rows, const OwnedRows& users);

  float of(int64_t row) const {
    return shared_ ? values_[row] : model_.predict(rows_.user[row], rows_.item[row]);
  }

 private:
  const FactorView& model_;
  const Interactions& rows_;
  bool shared_;
  std::vector<float> values_;  // [rows], of several ranks
};

}  // namespace latent
