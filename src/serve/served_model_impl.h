// The inside of ServedModel, for the files that its methods are written in.
#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/base/error.h"
#include "src/score/near_id.h"
#include "src/serve/fold_in.h"
#include "src/serve/model_parts.h"
#include "src/serve/served_model.h"

namespace latent {

/// The parts with what is made of them when it is first asked for, and what errors say.
struct ServedModel::Impl : ModelParts {
  using ModelParts::ModelParts;

  static Known knows(const IdTable& ids, std::span<const int32_t> rows, std::string_view id) {
    const int32_t index = ids.find(id);
    if (index < 0) return Known::kNo;
    return !rows.empty() && rows[index] == 0 ? Known::kUntrained : Known::kYes;
  }
  bool trained(std::span<const int32_t> rows, int32_t index) const {
    return index >= 0 && (rows.empty() || rows[index] > 0);
  }

  std::string unknown(const IdTable& ids, const std::string& id, const std::string& kind) const {
    if (ids.find(id) < 0) return "unknown " + kind + " " + in_quotes(id) + did_you_mean_id(id, ids);
    return kind + " " + in_quotes(id) + " has no row that the model was trained on";
  }
  void require_user(const std::string& id) const {
    if (knows(users, user_rows, id) != Known::kYes)
      throw Error(file.path() + ": " + unknown(users, id, "user"));
  }
  void require_item(const std::string& id) const {
    if (knows(items, item_rows, id) != Known::kYes)
      throw Error(file.path() + ": " + unknown(items, id, "item"));
  }

  void require_factors(const std::string& kind) const {
    if (view.factors > 0) return;
    throw Error(file.path() + ": a model of kind " + file.text("model_name") +
                " has no factors, so it knows no similar " + kind);
  }

  ScoredIds named(const IdTable& ids, const std::vector<Scored>& scored) const {
    ScoredIds out;
    for (const Scored& s : scored) out.emplace_back(std::string(ids[s.index]), s.score);
    return out;
  }

  /// Those items by score(index), best first, untrained ones left out.
  template <typename Score>
  ScoredIds ranked(const std::vector<std::string>& wanted, const Score& score) const {
    std::vector<std::pair<int32_t, float>> scored;
    for (const std::string& item : wanted) {
      const Known known = knows(items, item_rows, item);
      if (known == Known::kNo) require_item(item);
      if (known != Known::kYes) continue;
      const int32_t i = items.find(item);
      scored.emplace_back(i, score(i));
    }
    std::ranges::stable_sort(scored, std::greater<>(), &std::pair<int32_t, float>::second);
    ScoredIds out;
    for (const auto& [i, value] : scored) out.emplace_back(std::string(items[i]), value);
    return out;
  }

  /// Up to k items without `left_out` (ascending), of those `allowed` [I]; empty: all. Of a large
  /// model the first list is made while its items are read and checked for the first time, in the
  /// order in which they lie: what a single answer needs. Later ones are the ranker's, and alike.
  std::vector<Scored> list(const ServedModel& model, const UserVector& user, int64_t k,
                           std::span<const int32_t> left_out, std::span<const char> allowed) const;
  /// The score by which a single item ranks, without making a ranker for it.
  float score(const UserVector& user, int32_t item) const;

  /// How to fold in; made when first asked for.
  const FoldObjective& objective() const;
  /// A history by index. Throws Error naming an unknown item.
  std::vector<HistoryItem> indexed(std::span<const RatedId> history) const;
  Explanation explained(std::span<const HistoryItem> history, int32_t item) const;

  mutable std::once_flag ranker_made, all_checked, histories_checked, fold_made, listed_made;
  mutable std::vector<char> all_listed;  ///< what stands in lists of the whole catalogue [I]
  std::optional<Ranker> ranker;
  mutable std::atomic<bool> read_once = false;  ///< whether list() was asked for
  mutable std::unique_ptr<FoldObjective> fold;
};

/// Which items may stand in a list: made once for lists of the whole catalogue.
class ServedModel::Listing {
 public:
  Listing(const Impl& impl, const ServedModel& model, std::span<const char> allowed) {
    if (!allowed.empty()) {
      some_ = model.listed(allowed);
      items_ = some_;
      return;
    }
    std::call_once(impl.listed_made, [&] { impl.all_listed = model.listed({}); });
    items_ = impl.all_listed;
  }
  std::span<const char> items() const { return items_; }

 private:
  std::vector<char> some_;
  std::span<const char> items_;
};

}  // namespace latent
