// Where the top of each user's list ends, estimated from samples.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/score/factor_view.h"
#include "src/score/user_items.h"

namespace latent {

/// Each user's K-th highest score among the items that they know and those of `drawn` that they
/// don't (SL@K: Yang et al., 2025, section 3.3); the lowest where there are fewer than K; 0 where
/// there are none. [U]. The same bits for any number of threads. `users`: those of each rank, which
/// then says theirs to all.
std::vector<float> kth_scores(const FactorView& view, const UserItems& known,
                              std::span<const int32_t> drawn, int64_t k,
                              const OwnedRows& users = {});

}  // namespace latent
