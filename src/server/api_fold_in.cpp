// Lists for somebody new, and explanations, over HTTP.
#include <algorithm>
#include <cmath>
#include <limits>

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
      throw HttpError(404, asked.model.unknown_item(had.item));
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
  const FoldedUser user = model.fold_in(history);
  Json out = {{"items", listed(model, model.recommend(user, rules.k, rules.exclude_seen,
                                                      rules.allowed))}};
  if (switch_of(asked, "vector")) {
    out["factors"] = user.factors;
    out["bias"] = user.bias;
  }
  return out;
}

}  // namespace

Json answer_fold_in(const Asked& asked) {
  take_only(asked.body, {"items", "ratings", "histories", "k", "include_seen", "exclude", "only",
                         "unknown", "vector"});
  if (asked.body.contains("items") == asked.body.contains("histories"))
    throw HttpError(400, "give items, or histories: a list of objects with items");
  require_factors(asked.model);
  const ListRules rules = rules_of(asked);
  if (asked.body.contains("items")) return folded(asked, rules);
  const json& histories = asked.body["histories"];
  if (!histories.is_array() || std::ssize(histories) > asked.limits.most_asked)
    throw HttpError(400, "histories must be a list of up to " +
                             std::to_string(asked.limits.most_asked));
  Json out = {{"results", Json::array()}};
  for (json one : histories) {
    if (!one.is_object() || !one.contains("items"))
      throw HttpError(400, "each of histories must be an object with items");
    take_only(one, {"items", "ratings"});
    if (switch_of(asked, "vector")) one["vector"] = true;
    out["results"].push_back(folded({asked.model, one, asked.limits}, rules));
  }
  return out;
}

Json answer_explain(const Asked& asked) {
  take_only(asked.body, {"user", "items", "ratings", "item", "k"});
  if (asked.body.contains("user") == asked.body.contains("items"))
    throw HttpError(400, "give user or items");
  require_factors(asked.model);
  const std::string item = text_in(asked, "item");
  require_item(asked.model, item);
  const auto k = static_cast<size_t>(count_of(asked));
  Explanation why;
  if (asked.body.contains("user")) {
    require_user(asked.model, text_in(asked, "user"));
    why = asked.model.explain(text_in(asked, "user"), item);
  } else {
    why = asked.model.explain(known_history(asked, Otherwise::kError), item);
  }
  if (why.items.size() > k) why.items.resize(k);
  return {{"item", item},
          {"score", why.score},
          {"rest", why.rest},
          {"items", listed(asked.model, why.items, "item", "contribution")}};
}

}  // namespace latent
