// Training samples as plain arrays, drawn from counter-based streams: batch t is the same whoever
// asks, whenever.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "src/base/rng.h"
#include "src/data/interactions.h"
#include "src/sampling/block_order.h"
#include "src/sampling/negative_items.h"
#include "src/score/pair_filter.h"
#include "src/score/user_items.h"

namespace latent {

/// B samples. Pointwise: ratings are filled; ranked: negatives, N for each sample ([B, N]) or N for
/// the whole batch where they are shared.
struct SampleBatch {
  std::vector<int32_t> users, items, negatives;
  std::vector<float> ratings;
  bool shared = false;  ///< the negatives
  // Of Sampler::complete(); empty where nothing asks for them. See Batch in models/recommender.h.
  std::vector<float> log_weights;  ///< in the shape of negatives
  std::vector<int64_t> excluded;   ///< b N + n of shared negatives, ascending
  std::vector<float> user_scale;   ///< [B, K]
  std::vector<int32_t> sorted_items, item_order;  ///< of BatchOrder, else empty
  int item_shift = 0;
  int64_t size() const { return static_cast<int64_t>(users.size()); }
};

struct SamplerOptions {
  int64_t batch_size = 1;
  bool with_replacement =
      true;  ///< false: epochs, each a new permutation of the rows; the last batch may be short
  uint64_t seed = 0;
  int threads = 0;
  int64_t negatives = 1;  ///< of a sample, or of the batch where they are shared; 0: none
  bool shared = false;
  NegativeSampling sampling = NegativeSampling::kUniform;
  double popularity_power = 1;
  double dropout = 0;  ///< share of the users' vectors' K entries that are set to 0
  int64_t factors = 0;
  std::optional<BlockSizes> blocks = std::nullopt;  ///< epochs are in BlockOrder's order
};

/// Draws batches of rows and, where `known` is given, negatives for each: a sample's own are drawn
/// again while they are among the user's known (training) items; among shared ones complete() finds
/// those that a sample is to do without.
class Sampler {
 public:
  /// Keeps references: `rows` and `known` must outlive the sampler. Rows of users that know every
  /// item are an error of the caller (see first_user_with_every_item).
  Sampler(const Interactions& rows, const SamplerOptions& options, const UserItems* known = nullptr,
          int32_t items = 0);

  /// Batch number `step`, from 0, into `out`.
  void draw(int64_t step, SampleBatch& out);
  /// Adds to batch number `step`, in its final order, what belongs to the places of its samples:
  /// excluded, log_weights and user_scale.
  void complete(int64_t step, SampleBatch& batch) const;
  int64_t batches_per_epoch() const;

  const Interactions& rows() const { return rows_; }
  const SamplerOptions& options() const { return options_; }
  const UserItems* known() const { return known_; }
  int32_t items() const { return items_; }

 private:
  void permute(int64_t epoch);
  /// The rows of a batch of an epoch.
  std::span<const uint32_t> rows_of(int64_t step);
  void draw_negatives(RandomStream stream, int64_t begin, int64_t end, SampleBatch& out) const;
  void draw_shared(const Rng& rng, int64_t step, SampleBatch& out) const;

  const Interactions& rows_;
  SamplerOptions options_;
  const UserItems* known_;
  std::optional<PairFilter> filter_;
  int32_t items_;
  std::optional<NegativeItems> negative_items_;  // where negatives are drawn
  std::vector<uint32_t> order_;  // the permutation of epoch_; in blocks: the batch's rows
  int64_t epoch_ = -1;
  std::optional<BlockOrder> blocks_;
};

/// The first user among `rows` whose known items are the whole catalogue (no negative exists), or
/// -1.
int32_t first_user_with_every_item(const Interactions& rows, const UserItems& known, int32_t items);

}  // namespace latent
