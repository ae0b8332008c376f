// Which items negatives are, and what each weighs in a loss for it.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/rng.h"
#include "src/data/interactions.h"
#include "src/score/user_items.h"

namespace latent {

struct SampleBatch;

/// Uniform over all items; an item with probability proportional to a power of its number of rows;
/// or the batch's other positives, which have their items with probability proportional to rows.
enum class NegativeSampling { kUniform, kPopularity, kInBatch };

/// Draws items by their probabilities q, in constant time (the alias method: Walker, 1977; Vose,
/// 1991), and knows their log-Q correction: an item drawn with probability q weighs 1 / (I q), so
/// that a weighted mean over negatives estimates that over all I items (Bengio & Senecal, 2008).
class NegativeItems {
 public:
  /// `power` is of kPopularity. Items without rows have none but uniform draws.
  NegativeItems(const Interactions& rows, int32_t items, NegativeSampling sampling, double power);

  int32_t draw(RandomStream& stream) const {
    const auto n = static_cast<int32_t>(stream.below(static_cast<uint32_t>(items_)));
    return keep_.empty() || stream.uniform() < keep_[n] ? n : alias_[n];
  }
  /// Whether weights differ from 1.
  bool weighted() const { return !log_weight_.empty(); }
  float log_weight(int32_t item) const { return log_weight_[item]; }
  /// q of every item [I]; empty: all alike.
  const std::vector<double>& probabilities() const { return probability_; }

 private:
  void make_alias();

  int32_t items_;
  std::vector<double> probability_, keep_;  // [I], or empty
  std::vector<int32_t> alias_;
  std::vector<float> log_weight_;
};

/// The shared negatives that samples do without: those that their users know, and the positive
/// itself. As SampleBatch::excluded.
std::vector<int64_t> excluded_pairs(const SampleBatch& batch, const UserItems& known,
                                    int32_t items);

}  // namespace latent
