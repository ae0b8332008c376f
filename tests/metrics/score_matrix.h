// Any matrix of scores as a FactorView: the scores are the user factors, the item factors the
// identity.
#pragma once

#include <vector>

#include "src/base/rng.h"
#include "src/score/factor_view.h"
#include "tests/support.h"

namespace latent {

class ScoreMatrix {
 public:
  ScoreMatrix(int32_t users, int32_t items, std::vector<float> scores)
      : users_(users),
        items_(items),
        scores_(std::move(scores)),
        identity_(int64_t{items} * items) {
    for (int32_t i = 0; i < items; ++i) identity_[int64_t{i} * items + i] = 1;
  }

  /// Scores of `levels` different values: few levels, many ties.
  static ScoreMatrix random(int32_t users, int32_t items, uint32_t levels, uint64_t seed = 1) {
    RandomStream stream = Rng(seed).stream("scores");
    std::vector<float> scores(int64_t{users} * items);
    for (float& s : scores) s = static_cast<float>(stream.below(levels));
    return ScoreMatrix(users, items, std::move(scores));
  }

  float& at(int32_t u, int32_t i) { return scores_[int64_t{u} * items_ + i]; }

  FactorView view() const {
    FactorView out{users_, items_, items_};
    out.gamma_user = scores_.data();
    out.gamma_item = identity_.data();
    return out;
  }

 private:
  int32_t users_, items_;
  std::vector<float> scores_, identity_;
};

}  // namespace latent
