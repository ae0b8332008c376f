// A batch in the order in which the CPU works on it fastest.
#pragma once

#include "models/recommender.h"
#include "src/base/peers.h"
#include "src/sampling/sampler.h"

namespace latent {

/// A batch in ascending order of users, with the order of its items (see BatchOrder): item_order
/// [B], or with as many more as there are negatives, int32. Without item_order: in any order.
struct OrderedBatch : Batch {
  OrderedBatch() = default;
  OrderedBatch(Batch batch) : Batch(std::move(batch)) {}  // NOLINT: any batch is one

  torch::Tensor sorted_items, item_order;
  int item_shift = 0;
};

/// Of several ranks: whose samples are whose, by their users, and whose the places in the order of
/// items. Not shared: all are everybody's.
struct BatchOwners {
  OwnedRows samples, places;
};

/// A CPU batch in the order of its users, with the order of its items; as it is when it has one.
OrderedBatch in_user_order(const OrderedBatch& batch);

/// Plain arrays as tensors that share their memory; what BatchOrder sorted stays sorted.
OrderedBatch wrapped(SampleBatch& samples);

}  // namespace latent
