// An exported model, answering by string id. Reads the file only: no training code, no config, no
// LibTorch.
#pragma once

#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "src/formats/file_bytes.h"
#include "src/score/factor_view.h"
#include "src/score/id_table.h"
#include "src/score/ranker.h"
#include "src/score/user_items.h"
#include "src/serve/stored_array.h"

namespace latent {

using ScoredIds = std::vector<std::pair<std::string, double>>;

/// An item of somebody's history and its rating; NaN: none, an item that they like.
struct RatedId {
  std::string item;
  double rating = std::numeric_limits<double>::quiet_NaN();
};

/// A user of whom the file has no row, made of a history.
struct FoldedUser {
  std::vector<float> factors;  ///< [K], as a row of gamma_user
  float bias = 0;              ///< as one of beta_user; 0 where the model has none
  std::vector<int32_t> items;  ///< the history's, ascending: lists leave them out
};

/// Why a score is what it is: score = rest + the sum over all items of the history.
struct Explanation {
  double score = 0;  ///< by the history; not clipped
  double rest = 0;   ///< mean, biases, priors, other items
  ScoredIds items;   ///< what each adds, the most first
};

class ServedModel {
 public:
  /// Throws Error for a file that is missing, damaged, not written by latent, or written by a newer
  /// version. What lies in large arrays is checked when it is first used, by any method: an Error
  /// then says which array is damaged.
  explicit ServedModel(const std::string& path, Hold hold = Hold::kMapped);
  ~ServedModel();
  ServedModel(const ServedModel&) = delete;
  ServedModel& operator=(const ServedModel&) = delete;

  /// What a model knows of an id. Untrained: it has the id, but no row of it was trained on.
  enum class Known { kYes, kUntrained, kNo };
  Known knows_user(std::string_view id) const;
  Known knows_item(std::string_view id) const;
  /// One line for people who asked for such an id: "unknown user 'x'; did you mean 'y'?".
  std::string unknown_user(const std::string& id) const;
  std::string unknown_item(const std::string& id) const;

  /// The score of a pair. Throws Error naming an id that is unknown or untrained.
  double predict(const std::string& user, const std::string& item) const;
  /// The standard deviation of the rating of a pair. Throws Error for a model that knows none, and
  /// like predict().
  double predict_sd(const std::string& user, const std::string& item) const;
  /// The same from the parts that are known: such an id leaves its own terms out.
  double predict_known_parts(const std::string& user, const std::string& item) const;
  /// Up to k (id, score), best first, ties to the lower index; no untrained ones. `allowed` [I]:
  /// items that may be recommended; empty: all. The same items as TorchScript's recommend_id,
  /// scores to rounding. Throws Error naming a user who is unknown or untrained.
  ScoredIds recommend(const std::string& user, int64_t k, bool exclude_seen,
                      std::span<const char> allowed = {}) const;
  /// The same for many users, in their order, on `threads` threads (0: all).
  std::vector<ScoredIds> recommend(std::span<const std::string> users, int64_t k, bool exclude_seen,
                                   std::span<const char> allowed, int threads) const;
  /// Up to k (id, rows of training), most rows first: for a user of whom the model knows nothing.
  ScoredIds popular(const std::string& user, int64_t k, bool exclude_seen,
                    std::span<const char> allowed = {}) const;
  /// Whether the file says what users had (export.seen).
  bool has_histories() const;
  /// Which items stand in lists at all, of those `allowed` [I]; empty: all.
  std::vector<char> listed(std::span<const char> allowed) const;
  /// Every array of the file against its checksums, and all that points somewhere. Throws Error.
  void check_all() const;
  /// Ranks this model's catalogue; made when first asked for.
  const Ranker& ranker() const;
  /// Up to k (id, cosine) without the item itself; Error for a model without factors.
  ScoredIds similar_items(const std::string& item, int64_t k) const;

  /// Likewise for users.
  ScoredIds similar_users(const std::string& user, int64_t k) const;
  /// (id, score) of those items, best first, untrained ones left out. Throws Error naming an
  /// unknown id, or an untrained user.
  ScoredIds rank_items(const std::string& user, const std::vector<std::string>& items) const;

  /// Somebody by what they have: their vector as the model's own objective would have it, the items
  /// as they are. Of an item that stands there twice the last row counts. Throws Error naming an
  /// unknown item; where no item was trained on; for a model without factors; and for a file of an
  /// earlier version, which does not say how.
  FoldedUser fold_in(std::span<const RatedId> history) const;
  /// Whether fold_in() goes over pairs of the history's items and others: it takes longest, some
  /// milliseconds an item.
  bool folds_by_loss() const;
  /// The rating of an item that is given without one; none: ratings make no difference.
  std::optional<double> rating_of_liked() const;
  /// As the methods of those names do for users of the model.
  ScoredIds recommend(const FoldedUser& user, int64_t k, bool exclude_seen,
                      std::span<const char> allowed = {}) const;
  ScoredIds rank_items(const FoldedUser& user, const std::vector<std::string>& items) const;
  double predict(const FoldedUser& user, const std::string& item) const;
  /// What the items of a history add to the score of `item`, each item's part of fold_in()'s
  /// solution. Of a user of the model: by the history that the file keeps (export.seen). Throws
  /// Error as fold_in() does, and where the file keeps none.
  Explanation explain(const std::string& user, const std::string& item) const;
  Explanation explain(std::span<const RatedId> history, const std::string& item) const;

  int32_t factors() const;
  /// model.name of the config that it was trained with.
  std::string kind() const;
  /// The file that it was read from.
  const std::string& path() const;
  /// The extra file latent.json: config, metrics, provenance.
  const std::string& metadata() const;
  /// The ids by index and back, the seen items and the tables lie in the loaded model: valid while
  /// this lives.
  const IdTable& user_ids() const;
  const IdTable& item_ids() const;
  int32_t find_user(std::string_view id) const;  ///< index, or -1
  int32_t find_item(std::string_view id) const;
  /// The item's title, or "" where the model has none.
  std::string_view title(std::string_view item) const;
  std::string_view title(int32_t item) const;
  /// What lists leave out, by user (export.seen).
  const UserItemsView& seen() const;
  /// [U], [I]: rows that were trained on; empty in a file of format 2 or before.
  std::span<const int32_t> user_rows() const;
  std::span<const int32_t> item_rows() const;
  /// Everything that the file holds, by name (docs/formats.md); check_all() before use.
  const std::map<std::string, StoredArray>& arrays() const;
  /// All tables, every one of them checked.
  const FactorView& view() const;
  /// The rating of a pair by index, clipped.
  float predict(int32_t user, int32_t item) const;

 private:
  /// Of a user by index, checked.
  UserVector user_vector(int32_t user) const;

  struct Impl;
  class Listing;
  std::unique_ptr<Impl> impl_;
};

}  // namespace latent
