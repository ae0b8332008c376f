// At which place of their user's ranking held-out items stand.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/score/factor_view.h"
#include "src/score/user_items.h"

namespace latent {

/// A held-out item among the items that the user's ranking may hold.
struct HeldOutPlace {
  int32_t user, item;
  int64_t better;  ///< items that score higher, other held-out ones among them
  int64_t equal;   ///< items of the same score, itself among them: each order is as likely

  /// The mean over those orders, from 1 on.
  double place() const {
    return static_cast<double>(better) + (static_cast<double>(equal) + 1) / 2;
  }
  /// The chance to stand among the first k.
  double chance_within(int64_t k) const;
};

/// Every held-out item of `users`, user by user; candidates are all items that are not masked, as
/// in ranking_metrics(). `threads`: 0: all; they do not change the result.
std::vector<HeldOutPlace> held_out_places(const FactorView& model, const UserItems& held_out,
                                          const UserItems& masked, std::span<const int32_t> users,
                                          int threads);

/// hit@k of one user, as ranking_metrics() has it, from all of the user's places.
double chance_of_hit(std::span<const HeldOutPlace> of_user, int64_t k);

}  // namespace latent
