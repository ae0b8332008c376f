// Lists and scores over HTTP, of users and items of the model.
#include "src/base/utf8.h"
#include "src/server/api_parts.h"

namespace latent {

namespace {

using nlohmann::json;
using Known = ServedModel::Known;

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
  require_room(asked.limits, asked.model, std::ssize(users), rules.k);
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
  if (asked.body.contains("pairs") && asked.body.size() > 1)
    throw HttpError(400, "give user and item, or pairs");
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
  Json out = {{"user", user}, {"items", listed(asked.model, asked.model.rank_items(user, items))}};
  for (const std::string& item : items) {
    if (asked.model.knows_item(item) == Known::kUntrained) out["left_out"].push_back(item);
  }
  return out;
}

/// For the page: items by a part of their title or id.
Json answer_find(const Asked& asked) {
  take_only(asked.body, {"text", "k"});
  const std::string wanted = lower_case(text_in(asked, "text"));
  const int64_t k = count_of(asked);
  Json out = {{"items", Json::array()}};
  const IdTable& items = asked.model.item_ids();
  const auto add = [&](int32_t i) {
    out["items"].push_back({{"item", std::string(items[i])}});
    if (const std::string title(asked.model.title(i)); !title.empty())
      out["items"].back()["title"] = title;
  };
  const int32_t exact = asked.model.find_item(text_in(asked, "text"));
  if (exact >= 0) add(exact);
  for (int32_t i = 0; i < items.size() && std::ssize(out["items"]) < k; ++i) {
    if (i == exact) continue;
    const std::string title(asked.model.title(i)), id(items[i]);
    if (lower_case(title).find(wanted) == std::string::npos &&
        lower_case(id).find(wanted) == std::string::npos)
      continue;
    add(i);
  }
  return out;
}

}  // namespace latent
