// Lists, scores and explanations over HTTP.
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "src/base/error.h"
#include "src/base/utf8.h"
#include "src/server/api.h"

namespace latent {

namespace {

using nlohmann::json;
using Known = ServedModel::Known;

void take_only(const json& body, const std::set<std::string>& names) {
  for (const auto& [name, value] : body.items()) {
    if (!names.contains(name)) throw HttpError(400, "unknown key " + in_quotes(name));
  }
}

std::string id_of(const json& value, const std::string& name) {
  if (!value.is_string()) throw HttpError(400, name + " must be a string");
  return value.get<std::string>();
}

std::string text_in(const Asked& asked, const char* name) {
  if (!asked.body.contains(name)) throw HttpError(400, std::string("missing ") + name);
  return id_of(asked.body[name], name);
}

std::vector<std::string> ids_in(const Asked& asked, const char* name) {
  const json& list = asked.body.at(name);
  if (!list.is_array()) throw HttpError(400, std::string(name) + " must be a list of strings");
  if (std::ssize(list) > asked.limits.most_asked)
    throw HttpError(400, std::string(name) + " holds more than " +
                             std::to_string(asked.limits.most_asked));
  std::vector<std::string> out;
  for (const json& value : list) out.push_back(id_of(value, std::string("each of ") + name));
  return out;
}

int64_t count_of(const Asked& asked) {
  if (!asked.body.contains("k")) return std::min<int64_t>(10, asked.limits.most_items);
  const json& k = asked.body["k"];
  const bool whole = k.is_number_integer() && !(k.is_number_unsigned() &&
                                                k.get<uint64_t>() > uint64_t{1} << 62);
  if (!whole || k.get<int64_t>() < 1 || k.get<int64_t>() > asked.limits.most_items)
    throw HttpError(400, "k must be a whole number from 1 to " +
                             std::to_string(asked.limits.most_items));
  return k.get<int64_t>();
}

bool switch_of(const Asked& asked, const char* name) {
  if (!asked.body.contains(name)) return false;
  if (!asked.body[name].is_boolean())
    throw HttpError(400, std::string(name) + " must be true or false");
  return asked.body[name].get<bool>();
}

enum class Otherwise { kError, kPopular, kSkip };
Otherwise otherwise_of(const Asked& asked) {
  const std::string text = asked.body.contains("unknown") ? text_in(asked, "unknown") : "error";
  if (text == "error") return Otherwise::kError;
  if (text == "popular") return Otherwise::kPopular;
  if (text == "skip") return Otherwise::kSkip;
  throw HttpError(400, "unknown takes error, popular or skip");
}

/// [I], or empty: all.
std::vector<char> allowed_of(const Asked& asked) {
  const bool only = asked.body.contains("only"), exclude = asked.body.contains("exclude");
  if (!only && !exclude) return {};
  std::vector<char> out(static_cast<size_t>(asked.model.item_ids().size()), !only);
  for (const char* name : {"only", "exclude"}) {
    if (!asked.body.contains(name)) continue;
    for (const std::string& item : ids_in(asked, name)) {
      if (const int32_t index = asked.model.find_item(item); index >= 0)
        out[index] = std::string_view(name) == "only";
    }
  }
  return out;
}

Json listed(const ServedModel& model, const ScoredIds& list, const char* kind = "item",
            const char* value = "score") {
  auto out = Json::array();
  for (const auto& [id, score] : list) {
    out.push_back({{kind, id}, {value, score}});
    if (std::string_view(kind) != "item") continue;
    if (const std::string title(model.title(id)); !title.empty()) out.back()["title"] = title;
  }
  return out;
}

void require_user(const ServedModel& model, const std::string& user) {
  if (model.knows_user(user) != Known::kYes) throw HttpError(404, model.unknown_user(user));
}
void require_item(const ServedModel& model, const std::string& item) {
  if (model.knows_item(item) != Known::kYes) throw HttpError(404, model.unknown_item(item));
}
void require_factors(const ServedModel& model) {
  if (model.factors() == 0)
    throw HttpError(400, "a model of kind " + model.kind() + " has no factors for that");
}

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

struct ListRules {
  int64_t k;
  bool exclude_seen;
  std::vector<char> allowed;
  Otherwise otherwise;
};
ListRules rules_of(const Asked& asked) {
  return {count_of(asked), !switch_of(asked, "include_seen"), allowed_of(asked),
          otherwise_of(asked)};
}

Json recommended(const ServedModel& model, const std::string& user, const ListRules& rules) {
  if (model.knows_user(user) == Known::kYes)
    return {{"user", user},
            {"items", listed(model, model.recommend(user, rules.k, rules.exclude_seen,
                                                    rules.allowed))}};
  if (rules.otherwise == Otherwise::kError) require_user(model, user);
  Json out = {{"user", user}, {"unknown", true}, {"items", Json::array()}};
  if (rules.otherwise == Otherwise::kPopular)
    out["items"] =
        listed(model, model.popular(user, rules.k, rules.exclude_seen, rules.allowed));
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

Json answer_recommend(const Asked& asked) {
  take_only(asked.body,
            {"user", "users", "k", "include_seen", "exclude", "only", "unknown"});
  if (asked.body.contains("user") == asked.body.contains("users"))
    throw HttpError(400, "give user or users");
  const ListRules rules = rules_of(asked);
  if (asked.body.contains("user"))
    return recommended(asked.model, text_in(asked, "user"), rules);
  const std::vector<std::string> users = ids_in(asked, "users");
  // Those that the model knows share a pass over the catalogue.
  std::vector<std::string> known;
  for (const std::string& user : users) {
    if (asked.model.knows_user(user) == Known::kYes) known.push_back(user);
  }
  const auto lists =
      asked.model.recommend(known, rules.k, rules.exclude_seen, rules.allowed, /*threads=*/1);
  size_t next = 0;
  Json out = {{"results", Json::array()}};
  for (const std::string& user : users) {
    if (asked.model.knows_user(user) == Known::kYes)
      out["results"].push_back(
          {{"user", user}, {"items", listed(asked.model, lists[next++])}});
    else
      out["results"].push_back(recommended(asked.model, user, rules));
  }
  return out;
}

Json answer_similar(const Asked& asked) {
  take_only(asked.body, {"item", "user", "k"});
  if (asked.body.contains("item") == asked.body.contains("user"))
    throw HttpError(400, "give item or user");
  require_factors(asked.model);
  const int64_t k = count_of(asked);
  if (asked.body.contains("item")) {
    const std::string item = text_in(asked, "item");
    require_item(asked.model, item);
    return {{"item", item}, {"items", listed(asked.model, asked.model.similar_items(item, k))}};
  }
  const std::string user = text_in(asked, "user");
  require_user(asked.model, user);
  return {{"user", user},
          {"users", listed(asked.model, asked.model.similar_users(user, k), "user")}};
}

Json answer_score(const Asked& asked) {
  take_only(asked.body, {"user", "item", "pairs"});
  const auto scored = [&](const std::string& user, const std::string& item) {
    require_user(asked.model, user);
    require_item(asked.model, item);
    return asked.model.predict(user, item);
  };
  if (!asked.body.contains("pairs")) {
    const std::string user = text_in(asked, "user"), item = text_in(asked, "item");
    return {{"user", user}, {"item", item}, {"score", scored(user, item)}};
  }
  const json& pairs = asked.body["pairs"];
  if (!pairs.is_array()) throw HttpError(400, "pairs must be a list of [user, item]");
  if (std::ssize(pairs) > asked.limits.most_asked)
    throw HttpError(400, "pairs holds more than " + std::to_string(asked.limits.most_asked));
  Json out = {{"scores", Json::array()}};
  for (const json& pair : pairs) {
    if (!pair.is_array() || pair.size() != 2)
      throw HttpError(400, "each of pairs must be [user, item]");
    out["scores"].push_back(
        scored(id_of(pair[0], "a pair's user"), id_of(pair[1], "a pair's item")));
  }
  return out;
}

Json answer_rank(const Asked& asked) {
  take_only(asked.body, {"user", "items"});
  const std::string user = text_in(asked, "user");
  require_user(asked.model, user);
  if (!asked.body.contains("items")) throw HttpError(400, "missing items");
  const std::vector<std::string> items = ids_in(asked, "items");
  for (const std::string& item : items) {
    if (asked.model.knows_item(item) == Known::kNo) require_item(asked.model, item);
  }
  return {{"user", user}, {"items", listed(asked.model, asked.model.rank_items(user, items))}};
}

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

/// For the page: items by a part of their title or id.
Json answer_find(const Asked& asked) {
  take_only(asked.body, {"text", "k"});
  const std::string wanted = lower_case(text_in(asked, "text"));
  const int64_t k = count_of(asked);
  Json out = {{"items", Json::array()}};
  const IdTable& items = asked.model.item_ids();
  for (int32_t i = 0; i < items.size() && std::ssize(out["items"]) < k; ++i) {
    const std::string title(asked.model.title(i)), id(items[i]);
    if (lower_case(title).find(wanted) == std::string::npos &&
        lower_case(id).find(wanted) == std::string::npos)
      continue;
    out["items"].push_back({{"item", id}});
    if (!title.empty()) out["items"].back()["title"] = title;
  }
  return out;
}

}  // namespace latent
