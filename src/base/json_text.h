// JSON from files that anybody may have written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace latent {

/// Objects and lists within each other; more is no file of ours, and code that walks a deeper tree
/// would overflow its stack.
constexpr int kDeepestJson = 100;

/// The value of `text`, or a discarded one where it is no JSON or nested deeper than kDeepestJson.
template <typename Json = nlohmann::json>
Json json_of(std::string_view text, bool ignore_comments = false) {
  struct TooDeep {};
  const auto check = [](int depth, typename Json::parse_event_t, Json&) {
    if (depth > kDeepestJson) throw TooDeep();
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check, /*allow_exceptions=*/false,
                       ignore_comments);
  } catch (const TooDeep&) {
    return Json(Json::value_t::discarded);
  }
}

/// The member `name`, where it is there and an object; else an empty object.
template <typename Json>
Json object_in(const Json& json, const char* name) {
  if (!json.is_object() || !json.contains(name) || !json[name].is_object()) return Json::object();
  return json[name];
}

}  // namespace latent
