// The one place that knows how an exported model is written: as TorchScript, or as its arrays alone.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/recommender.h"
#include "src/data/id_map.h"
#include "src/score/user_items.h"

namespace latent {

constexpr int32_t kListedIds = 100'000;

struct ExportSpec {
  std::string model_name;
  ScoreTables tables;
  const IdMap* users = nullptr;
  const IdMap* items = nullptr;
  const UserItems* seen = nullptr;  ///< what recommend leaves out of each user's list
  /// Users beside the model's own, and what recommend leaves out of theirs.
  const IdMap* strangers = nullptr;
  const UserItems* strangers_seen = nullptr;
  /// [U], [I]: rows of the fit. Who has none is known as untrained, and stands in no list.
  std::span<const int32_t> user_rows, item_rows;
  const std::vector<std::string>* titles = nullptr;  ///< [I], or none
  double lowest = -std::numeric_limits<double>::infinity();  ///< where forward clips
  double highest = std::numeric_limits<double>::infinity();
  /// What forward says where the score is exactly 0 (see FactorView); none: the score.
  std::optional<double> default_prediction = {};
  std::optional<ScoreDraws> draws = {};  ///< what the score is the mean of; none: there is but one
  bool bias_is_a_factor = false;    ///< similarities take beta_item for one more factor
  /// Config, metrics, provenance: the extra file latent.json, with a description of the arrays.
  nlohmann::ordered_json metadata;
};

/// Writes a TorchScript module to `path`, atomically. Its methods, with B users or items, I items
/// in the catalogue:
///   forward(users [B], items [B]) -> [B]                       score_all(users [B]) -> [B, I]
///   recommend(users [B], k, exclude_seen) -> (items [B, k], scores [B, k]), padded with -1 and
///   -inf
///   similar_items(items [B], k), similar_users(users [B], k) -> the same shapes: cosine of
///   factors, the row itself left out
///   rank_items(users [B], items [N]) -> (items [B, N], scores [B, N]): those items, best first,
///   padded likewise
///   popular_id(user, k): the items with most rows, without those that the user has; any user
///   predict_id(user, item), recommend_id(user, k, exclude_seen), similar_items_id(item, k),
///   similar_users_id(user, k), rank_items_id(user, items): by string id
///   score_sd(users [B], items [B]) -> [B], predict_id_sd(user, item), of a model with draws: the
///   standard deviation of a rating
///   find_user(id), find_item(id) -> index, or -1; user_id(index), item_id(index), and
///   item_title(index) of a model with titles -> str
/// Ids and titles are tensors, the tuples user_table, item_table and title_table. Up to kListedIds
/// users and items it has them also as the lists user_ids, item_ids, item_titles and the dicts
/// user_index, item_index; a larger model would take longer to load them than all its tables.
void export_torchscript(const std::string& path, const ExportSpec& spec);

/// The same arrays and metadata as a safetensors file.
void export_safetensors(const std::string& path, const ExportSpec& spec);

}  // namespace latent
