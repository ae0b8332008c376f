// The ranking figures of a chunk of users.
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "src/metrics/exposure.h"
#include "src/metrics/ranked_rows.h"
#include "src/metrics/ranking.h"
#include "src/metrics/tie_groups.h"
#include "src/metrics/user_auc.h"
#include "src/score/ranker.h"

namespace latent {

/// With more unlisted items than this, lists come from a ranking of their own; with fewer they are
/// asked for that much longer, to be cut then.
inline constexpr int64_t kFewUnlisted = 128;

inline bool is_set(std::span<const char> flags, int32_t index) {
  return !flags.empty() && flags[index] != 0;
}

/// One user's part of the work.
struct RankedUser {
  std::vector<int32_t> held_out;  ///< ascending
  std::vector<float> scores;      ///< of those
  UserAuc auc;

  RankedUser(const Ranker& ranker, int32_t user, std::vector<int32_t> items,
             std::span<const int32_t> known);
  /// With what has been counted elsewhere (RankedRows).
  RankedUser(std::vector<int32_t> items, std::vector<float> its, int64_t balance,
             int64_t negatives);

  bool has(int32_t item) const {
    return std::binary_search(held_out.begin(), held_out.end(), item);
  }
};

class RankedChunk {
 public:
  /// `exposure`: takes the lists; null: nobody does. Keeps references.
  RankedChunk(const Ranker& ranker, const RankingQuery& query, std::span<const int32_t> users,
              Exposure* exposure);
  /// By `rows`, whose `first` user is users[0]; `items`: of the catalogue.
  RankedChunk(int32_t items, const RankingQuery& query, std::span<const int32_t> users,
              const RankedRows& rows, size_t first, Exposure* exposure);

  void add_to(RankingSums& all, RankingSums& warm, const Discounts& discounts) const;

 private:
  void rank(const Ranker& ranker, const RankingQuery& query, Exposure* exposure);
  void add_common(const CommonOrder& order);
  void take(int32_t items, const RankingQuery& query, const RankedRows& rows, size_t row,
            int32_t user);

  std::span<const int32_t> users_;
  const std::vector<int64_t>& cut_offs_;
  std::vector<RankedUser> all_;
  std::vector<std::optional<RankedUser>> warm_;  // where it differs from all_
  std::vector<char> cold_;                       // no pair is warm
  std::vector<std::vector<Scored>> lists_;
  std::vector<int64_t> last_sizes_;
};

}  // namespace latent
