// A served model by index, as the Python package asks it: arrays in, arrays out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "src/serve/served_model.h"

namespace latent {

/// An id or an index that the model does not know, or knows as untrained. One line.
struct UnknownId : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// B lists of N (index, score), row by row; what a list lacks is padded with -1 and -inf.
struct Lists {
  size_t rows = 0, length = 0;
  std::vector<int32_t> index;  ///< [B, N]
  std::vector<float> score;    ///< [B, N]

  void put(size_t row, size_t place, int32_t i, float s) {
    index[row * length + place] = i;
    score[row * length + place] = s;
  }
};
Lists padded_lists(size_t rows, int64_t length);

/// What a list may hold.
struct ListRules {
  int64_t k = 0;
  bool exclude_seen = true;
  std::span<const char> allowed = {};  ///< [I]; empty: all
  int threads = 0;                     ///< 0: all
};

/// B histories, an item after another: history b is items[start[b]] ... items[start[b + 1] - 1].
struct Histories {
  std::span<const int32_t> items;
  std::span<const double> ratings;  ///< by item; NaN: none
  std::span<const int64_t> start;   ///< [B + 1]

  size_t size() const { return start.empty() ? 0 : start.size() - 1; }
};

/// B users made of histories.
struct FoldedUsers {
  std::vector<float> factors;  ///< [B, K]
  std::vector<float> bias;     ///< [B]
};

/// Every method may run in any number of threads at once. Each throws UnknownId for an index that
/// is out of range or untrained, and Error for a damaged file.
class NativeModel {
 public:
  NativeModel(const std::string& path, bool map)
      : model_(path, map ? Hold::kMapped : Hold::kCopied) {}

  const ServedModel& served() const { return model_; }

  /// Lists of the whole catalogue for users [B].
  Lists recommend(std::span<const int32_t> users, const ListRules& rules) const;
  /// Those items [N], best first, for users [B]; untrained ones are left out.
  Lists rank(std::span<const int32_t> users, std::span<const int32_t> items) const;
  /// Nearest rows to items [B], or to users.
  Lists similar(std::span<const int32_t> rows, int64_t k, bool of_items) const;
  /// Items with most rows of training, and how many; any text may be a user.
  Lists popular(const std::string& user, const ListRules& rules) const;
  /// Scores of pairs [B] as ratings.
  std::vector<float> predict(std::span<const int32_t> users, std::span<const int32_t> items) const;
  /// Their standard deviations.
  std::vector<double> predict_sd(std::span<const int32_t> users,
                                 std::span<const int32_t> items) const;

  /// Users made of histories. Throws Error as ServedModel::fold_in does.
  FoldedUsers fold_in(const Histories& histories) const;
  /// As those of users of the model; what lists leave out are the items of the histories.
  Lists recommend(std::span<const FoldedUser> users, const ListRules& rules) const;
  Lists rank(std::span<const FoldedUser> users, std::span<const int32_t> items) const;
  /// Scores as ratings of users [B] and items [B].
  std::vector<float> predict(std::span<const FoldedUser> users,
                             std::span<const int32_t> items) const;
  /// Why a user's score of an item is what it is; of a history that of its only user.
  Explanation explain(int32_t user, int32_t item) const;
  Explanation explain(const Histories& history, int32_t item) const;

 private:
  std::vector<RatedId> history_of(const Histories& histories, size_t n) const;
  std::vector<std::string> ids_of_items(std::span<const int32_t> items) const;
  /// Lists of (id, score) by index, in `length` places.
  Lists by_index(std::span<const ScoredIds> lists, int64_t length) const;
  void require_users(std::span<const int32_t> users) const;
  void require_items(std::span<const int32_t> items) const;

  ServedModel model_;
};

}  // namespace latent
