// Lists for somebody new, and explanations, over HTTP.
#include <algorithm>
#include <cmath>
#include <limits>

#include "src/base/error.h"
#include "src/server/api_parts.h"

namespace latent {

namespace {

using nlohmann::json;
using Known = ServedModel::Known;

/// items and ratings of a body or of a part of it.
std::vector<RatedId> history_in(const Asked& asked) {
  const std::vector<std::string> items = ids_in(asked, "items");
  std::vector<RatedId> out;
  for (const std::string& item : items) out.push_back({.item = item});
  if (!asked.body.contains("ratings")) return out;
  const json& ratings = asked.body["ratings"];
  if (!ratings.is_array() || ratings.size() != items.size())
    throw HttpError(400, "ratings must be a list as long as items");
  for (size_t n = 0; n < out.size(); ++n) {
    if (ratings[n].is_null()) continue;
    if (!ratings[n].is_number() ||
        std::abs(ratings[n].get<double>()) > std::numeric_limits<float>::max())
      throw HttpError(400, "each of ratings must be a number or null");
    out[n].rating = ratings[n].get<double>();
  }
  return out;
}

/// The history with what the model knows of it; an unknown item is an error unless it is skipped.
std::vector<RatedId> known_history(const Asked& asked, Otherwise otherwise) {
  std::vector<RatedId> out;
  for (RatedId& had : history_in(asked)) {
    const bool known = asked.model.find_item(had.item) >= 0;
    if (!known && otherwise == Otherwise::kError)
      throw HttpError(404, unknown_text("item", had.item, Known::kNo));
    if (known) out.push_back(std::move(had));
  }
  return out;
}

Json folded(const Asked& asked, const ListRules& rules) {
  const ServedModel& model = asked.model;
  const std::vector<RatedId> history = known_history(asked, rules.otherwise);
  const bool some = std::ranges::any_of(history, [&](const RatedId& had) {
    return model.knows_item(had.item) == Known::kYes;
  });
  if (!some && rules.otherwise != Otherwise::kError) {
    Json out = {{"unknown", true}, {"items", Json::array()}};
    if (rules.otherwise == Otherwise::kPopular)
      out["items"] = listed(model, model.popular("", rules.k, false, rules.allowed));
    return out;
  }
  require_factors(model);
  const FoldedUser user = model.fold_in(history);
  Json out = {{"items", listed(model, model.recommend(user, rules.k, rules.exclude_seen,
                                                      rules.allowed))}};
  if (switch_of(asked, "vector")) {
    out["factors"] = user.factors;
    out["bias"] = user.bias;
  }
  return out;
}

std::string which(int64_t history) { return "histories[" + std::to_string(history) + "]: "; }

/// Every history is one, and losses over pairs have no more items than one list may have: an answer
/// takes a second or two at most.
void require_time(const Asked& asked) {
  int64_t items = 0, at = 0;
  for (const json& one : asked.body["histories"]) {
    if (!one.is_object() || !one.contains("items"))
      throw HttpError(400, which(at) + "must be an object with items");
    take_only(one, {"items", "ratings"});
    items += std::ssize(one["items"]);
    ++at;
  }
  if (asked.model.folds_by_loss() && items > asked.limits.most_asked)
    throw HttpError(400, "for a model of kind " + asked.model.kind() +
                             " the histories of one request may hold " +
                             std::to_string(asked.limits.most_asked) + " items together");
}

}  // namespace

Json answer_fold_in(const Asked& asked) {
  take_only(asked.body, {"items", "ratings", "histories", "k", "include_seen", "exclude", "only",
                         "unknown", "vector"});
  if (asked.body.contains("items") == asked.body.contains("histories"))
    throw HttpError(400, "give items, or histories: a list of objects with items");
  const ListRules rules = rules_of(asked);
  if (asked.body.contains("items")) return folded(asked, rules);
  const json& histories = asked.body["histories"];
  if (!histories.is_array() || std::ssize(histories) > asked.limits.most_asked)
    throw HttpError(400, "histories must be a list of up to " +
                             std::to_string(asked.limits.most_asked));
  if (asked.body.contains("ratings"))
    throw HttpError(400, "with histories, ratings belong into each of them");
  require_room(asked.limits, asked.model, std::ssize(histories), rules.k);
  require_time(asked);
  Json out = {{"results", Json::array()}};
  for (json one : histories) {
    if (switch_of(asked, "vector")) one["vector"] = true;
    try {
      out["results"].push_back(folded({asked.model, one, asked.limits}, rules));
    } catch (const HttpError& e) {
      throw HttpError(e.status, which(std::ssize(out["results"])) + e.what());
    } catch (const Error& e) {
      throw HttpError(400, which(std::ssize(out["results"])) + without_path(asked.model, e.what()));
    }
  }
  return out;
}

Json answer_explain(const Asked& asked) {
  take_only(asked.body, {"user", "items", "ratings", "item", "k", "unknown"});
  if (asked.body.contains("user") == asked.body.contains("items"))
    throw HttpError(400, "give user or items");
  if (asked.body.contains("user") && asked.body.contains("ratings"))
    throw HttpError(400, "ratings go with items, not with a user");
  require_factors(asked.model);
  const std::string item = text_in(asked, "item");
  require_item(asked.model, item);
  const auto k = static_cast<size_t>(count_of(asked));
  const Otherwise unknown = otherwise_of(asked);
  if (unknown == Otherwise::kPopular) throw HttpError(400, "unknown takes error or skip here");
  Explanation why;
  if (asked.body.contains("user")) {
    require_user(asked.model, text_in(asked, "user"));
    why = asked.model.explain(text_in(asked, "user"), item);
  } else {
    why = asked.model.explain(known_history(asked, unknown), item);
  }
  if (why.items.size() > k) why.items.resize(k);
  Json out = {{"item", item}};
  // The score is that of the history's own vector; a user's was trained, and may differ.
  if (asked.body.contains("user"))
    out["prediction"] = asked.model.predict(text_in(asked, "user"), item);
  out["score"] = why.score;
  out["rest"] = why.rest;
  out["items"] = listed(asked.model, why.items, "item", "contribution");
  return out;
}

}  // namespace latent
