// The one ranking of catalogues: metrics, recommendations for a user and for files of users.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "src/score/common_order.h"
#include "src/score/factor_view.h"
#include "src/score/top_k.h"
#include "src/score/user_items.h"

namespace latent {

/// What a ranking leaves out, and who looks on.
struct RankingRules {
  UserItemsView left_out = {};         ///< items of each user that do not rank; empty: none
  std::span<const char> allowed = {};  ///< [I] whether an item may rank; empty: all may
  /// Sees the scores of users[n], left-out items included, strip after strip in order.
  std::function<void(size_t n, int32_t first, std::span<const float> scores)> look = {};
};

/// Ranks the whole catalogue for users, best first, ties to the lower index: what the exported
/// model's recommend() answers.
class Ranker {
 public:
  /// Keeps pointers to `model`'s tables.
  explicit Ranker(const FactorView& model);
  ~Ranker();
  Ranker(Ranker&&) noexcept;

  /// Users that share a pass over the catalogue: enough to make the product as fast as it gets.
  static constexpr int64_t kBlock = 96;

  /// Up to k items for each user of a block, in this thread.
  std::vector<std::vector<Scored>> rank_block(std::span<const int32_t> users, int64_t k,
                                              const RankingRules& rules) const;
  /// Up to k items for somebody whom no table holds, without `left_out` (ascending); `allowed` as
  /// in RankingRules.
  std::vector<Scored> rank_vector(const UserVector& user, int64_t k,
                                  std::span<const int32_t> left_out,
                                  std::span<const char> allowed) const;
  /// How many items of each user of a block rank by exactly scores[n].
  std::vector<int64_t> count_equal(std::span<const int32_t> users, std::span<const float> scores,
                                   const RankingRules& rules) const;
  /// Lists for any number of users, in blocks on up to `threads` threads (0: all). Without
  /// `look`.
  std::vector<std::vector<Scored>> rank(std::span<const int32_t> users, int64_t k,
                                        const RankingRules& rules, int threads) const;

  /// The score by which an item ranks.
  float score(int32_t user, int32_t item) const { return scorer_.score(user, item); }
  float score(const UserVector& user, int32_t item) const { return scorer_.score(user, item); }

  /// The order of all users, where the model has nothing that differs between them; else null.
  const CommonOrder* common() const { return common_ ? &*common_ : nullptr; }

 private:
  /// What single users and a few at once are ranked by when there have been some: they then read a
  /// quarter of the catalogue. The lists are the same.
  struct Coarse;
  template <typename Admits>
  std::vector<std::vector<Scored>> rank_few(std::span<const UserVector> users, int k,
                                            const Admits& admits) const;

  FactorView view_;
  CatalogueScorer scorer_;
  int32_t items_;
  std::unique_ptr<Coarse> coarse_;
  std::optional<CommonOrder> common_;
};

}  // namespace latent
