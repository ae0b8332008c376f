// What the questions of /recommend and its like are made of: checked parts of a JSON object.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "src/server/api.h"

namespace latent {

/// Each throws HttpError where the body is not what it should be.
void take_only(const nlohmann::json& body, const std::set<std::string>& names);
std::string id_of(const nlohmann::json& value, const std::string& name);
std::string text_in(const Asked& asked, const char* name);
std::vector<std::string> ids_in(const Asked& asked, const char* name);
/// A number without a fraction, 10.0 too, as JSON Schema has it; none: another thing, or beyond
/// 2^53.
std::optional<int64_t> whole_of(const nlohmann::json& value);
/// "k", 10 without it.
int64_t count_of(const Asked& asked);
/// true or false; false without it.
bool switch_of(const Asked& asked, const char* name);

/// What is answered for ids that the model does not know.
enum class Otherwise { kError, kPopular, kSkip };
Otherwise otherwise_of(const Asked& asked);

/// What a list may hold.
struct ListRules {
  int64_t k;
  bool exclude_seen;
  std::vector<char> allowed;  ///< [I], or empty: all
  Otherwise otherwise;
};
ListRules rules_of(const Asked& asked);

/// 400 where so many lists of k are more than an answer may hold.
void require_room(const ApiLimits& limits, const ServedModel& model, int64_t lists, int64_t k);

/// "unknown user 'x'", without the near ids that the program names: those are other users', and
/// take a while to find.
std::string unknown_text(const char* kind, const std::string& id, ServedModel::Known known);

/// An Error's text without the file that it begins with.
std::string without_path(const ServedModel& model, const std::string& text);

/// 404 for an id that is unknown or untrained; 400 for a model without factors.
void require_user(const ServedModel& model, const std::string& user);
void require_item(const ServedModel& model, const std::string& item);
void require_factors(const ServedModel& model);

/// [{kind, value, "title"}, ...].
Json listed(const ServedModel& model, const ScoredIds& list, const char* kind = "item",
            const char* value = "score");

}  // namespace latent
