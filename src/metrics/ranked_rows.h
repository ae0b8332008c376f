// Rankings of whole blocks of users that something else than this folder computes: a GPU.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "src/score/user_items.h"

namespace latent {

/// What is to be ranked, and how far.
struct RowQuery {
  const UserItems* held_out;  ///< ranked as all others; their scores are asked for
  const UserItems* masked;    ///< left out of each user's ranking
  const UserItems* known;     ///< no negatives of the balance
  int64_t k = 0;              ///< length of the lists
  int64_t counted = 0;        ///< the place, from 0, whose ties are counted
  int64_t shown_k = 0;        ///< length of further lists of `shown` items alone; 0: none
  std::span<const char> shown = {};  ///< [I]
};

/// Lists of a block of users, one after another.
struct RankedLists {
  int64_t k = 0;
  std::vector<int32_t> item;  ///< [users, k], best first, ties to the lower item; -1: none is left
  std::vector<float> score;   ///< [users, k]
};

struct RankedRows {
  RankedLists best, shown;
  std::vector<int64_t> equal;     ///< [users] candidates with the score of the counted place
  std::vector<int64_t> start;     ///< [users + 1] where each one's held-out items begin
  std::vector<float> held_out;    ///< their scores
  std::vector<int64_t> balance;   ///< for each: negatives that score lower minus those higher
};

/// Ranks the catalogue of one model.
class RowRanker {
 public:
  virtual ~RowRanker() = default;
  /// How many users fit at a time.
  virtual int64_t users_at_once() const = 0;
  virtual RankedRows rank(std::span<const int32_t> users, const RowQuery& query) const = 0;
};

}  // namespace latent
