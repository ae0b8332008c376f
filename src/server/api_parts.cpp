#include "src/server/api_parts.h"

#include <algorithm>
#include <cmath>

#include "src/base/error.h"

namespace latent {

using nlohmann::json;

namespace {

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

}  // namespace

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

std::optional<int64_t> whole_of(const json& value) {
  constexpr double kMost = 1LL << 53;
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!(std::abs(number) <= kMost) || number != std::floor(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

int64_t count_of(const Asked& asked) {
  if (!asked.body.contains("k")) return std::min<int64_t>(10, asked.limits.most_items);
  const std::optional<int64_t> k = whole_of(asked.body["k"]);
  if (!k || *k < 1 || *k > asked.limits.most_items)
    throw HttpError(400, "k must be a whole number from 1 to " +
                             std::to_string(asked.limits.most_items));
  return *k;
}

bool switch_of(const Asked& asked, const char* name) {
  if (!asked.body.contains(name)) return false;
  if (!asked.body[name].is_boolean())
    throw HttpError(400, std::string(name) + " must be true or false");
  return asked.body[name].get<bool>();
}

Otherwise otherwise_of(const Asked& asked) {
  const std::string text = asked.body.contains("unknown") ? text_in(asked, "unknown") : "error";
  if (text == "error") return Otherwise::kError;
  if (text == "popular") return Otherwise::kPopular;
  if (text == "skip") return Otherwise::kSkip;
  throw HttpError(400, "unknown takes error, popular or skip");
}

Json listed(const ServedModel& model, const ScoredIds& list, const char* kind,
            const char* value) {
  auto out = Json::array();
  for (const auto& [id, score] : list) {
    if (!std::isfinite(score))
      throw HttpError(400, "a score is no finite number; are the ratings as the model knows them?");
    out.push_back({{kind, id}, {value, score}});
    if (std::string_view(kind) != "item") continue;
    if (const std::string title(model.title(id)); !title.empty()) out.back()["title"] = title;
  }
  return out;
}

void require_room(const ApiLimits& limits, const ServedModel& model, int64_t lists, int64_t k) {
  const int64_t longest = std::min<int64_t>(k, model.item_ids().size());
  if (lists * longest > limits.most_entries)
    throw HttpError(400, "the lists of one answer may hold " + std::to_string(limits.most_entries) +
                             " entries together; ask for fewer or shorter ones");
}

std::string unknown_text(const char* kind, const std::string& id, ServedModel::Known known) {
  if (known == ServedModel::Known::kNo) return std::string("unknown ") + kind + " " + in_quotes(id);
  return std::string(kind) + " " + in_quotes(id) + " has no row that the model was trained on";
}

std::string without_path(const ServedModel& model, const std::string& text) {
  const std::string path = model.path() + ": ";
  return text.starts_with(path) ? text.substr(path.size()) : text;
}

void require_user(const ServedModel& model, const std::string& user) {
  const ServedModel::Known known = model.knows_user(user);
  if (known != ServedModel::Known::kYes) throw HttpError(404, unknown_text("user", user, known));
}
void require_item(const ServedModel& model, const std::string& item) {
  const ServedModel::Known known = model.knows_item(item);
  if (known != ServedModel::Known::kYes) throw HttpError(404, unknown_text("item", item, known));
}
void require_factors(const ServedModel& model) {
  if (model.factors() == 0)
    throw HttpError(400, "a model of kind " + model.kind() + " has no factors for that");
}

ListRules rules_of(const Asked& asked) {
  return {count_of(asked), !switch_of(asked, "include_seen"), allowed_of(asked),
          otherwise_of(asked)};
}

}  // namespace latent
