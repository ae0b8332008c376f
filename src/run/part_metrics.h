// The figures of a model on one held-out part.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "src/base/peers.h"
#include "src/config/options.h"
#include "src/data/interactions.h"
#include "src/metrics/per_user.h"
#include "src/score/factor_view.h"

namespace latent {

/// Held-out rows and what they are judged against. Users and items are the model's rows.
struct HeldOutPart {
  const Interactions& rows;
  const UserItems& masked;  ///< known pairs, which no ranking holds
  std::span<const char> cold_user, cold_item;  ///< [U], [I] who has no row that was trained on
  double train_mean = 0;                       ///< of the training ratings; NaN: not known
  std::span<const float> item_counts;          ///< [I] the popularity baseline
  /// [I] what item means are above `train_mean`: the baseline of ratings; empty: not known.
  std::span<const float> item_offsets = {};
  bool sampled = false;                        ///< also the notebook's auc_sampled
  /// The pairs of all parts, which eval.candidates never draws; null: `masked` and `rows`.
  const UserItems* every_part = nullptr;
  /// Of several ranks: whose users are whose. The first one's figures are those of all.
  OwnedRows users = {};
};

/// Whether eval.metrics asks for "rating" or "ranking" metrics of the config's model.
bool wants_metrics(const RunConfig& config, const std::string& kind);

/// The rows that count as relevant (eval.relevant_at_least), by user.
UserItems relevant_items(const Interactions& rows, int32_t users, const EvalOptions& options);

/// Counts, metrics, the baselines "popularity_..." and, where some pairs are cold, the metrics of
/// the others as "warm_...". Pairs that are both held out and masked cannot be ranked: they are
/// left out of the ranking metrics, and counted as "repeated_pairs". Empty without rows.
/// `per_user`: takes each user's own figures; null: nobody does.
nlohmann::ordered_json part_metrics(const FactorView& model, const HeldOutPart& part,
                                    const RunConfig& config, PerUserFigures* per_user = nullptr);

/// What people should know of those counts, on stderr. `part`: "test" or "valid".
void tell_of_part(const nlohmann::ordered_json& metrics, const std::string& part,
                  const RunConfig& config);

}  // namespace latent
