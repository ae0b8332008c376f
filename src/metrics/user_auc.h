// One user's exact AUC, from a catalogue's scores that pass by strip by strip.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace latent {

/// Mean over the held-out items of the share of negatives that score lower, ties half; negatives
/// are the items that are not `known`. Counts are whole numbers: the same result in any order.
class UserAuc {
 public:
  /// `held_out`: scores of the held-out items; `known`: items, ascending, that stay valid until the
  /// last call.
  UserAuc(std::vector<float> held_out, std::span<const int32_t> known);

  /// Scores of items first, first + 1, ...: the catalogue in order, strip after strip.
  void add(int32_t first, std::span<const float> scores);
  /// The whole catalogue at once: its scores by item, and the same in ascending order.
  void add_common(std::span<const float> scores, std::span<const float> ascending);

  /// What somebody else has counted: all of it at once.
  void add_counted(int64_t balance, int64_t negatives);

  /// -1 when there is no negative.
  double value() const;

 private:
  int64_t balance(float score) const;

  std::vector<float> own_;  // ascending
  std::span<const int32_t> known_;
  int64_t items_ = 0, known_items_ = 0;
  int64_t balance_ = 0;  // over negatives and held-out items: +1 for a win, -1 for a loss
};

}  // namespace latent
