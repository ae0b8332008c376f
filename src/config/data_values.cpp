#include "src/config/data_values.h"

#include <algorithm>
#include <string>

namespace latent {

using nlohmann::json;

namespace {

bool all_of(const json& v, bool (json::*is)() const noexcept) {
  return std::all_of(v.begin(), v.end(), [&](const json& element) { return (element.*is)(); });
}

}  // namespace

std::optional<json> list_of_numbers(const json& v) {
  if (v.is_null()) return json::array();
  if (!v.is_array() || !all_of(v, &json::is_number)) return std::nullopt;
  return v;
}

std::optional<json> list_of_strings(const json& v) {
  if (v.is_string()) return json::array({v});
  if (v.is_null()) return json::array();
  if (!v.is_array() || !all_of(v, &json::is_string)) return std::nullopt;
  return v;
}

std::optional<json> text_to_number(const json& v) {
  if (v.is_null()) return json::object();
  if (!v.is_object() || !all_of(v, &json::is_number)) return std::nullopt;
  return v;
}

bool is_separator(const json& v) {
  const auto& text = v.get_ref<const std::string&>();
  return !text.empty() && text.find_first_of("\"\r\n") == std::string::npos;
}

bool are_conditions(const json& v) {
  return std::all_of(v.begin(), v.end(), [](const json& element) {
    const size_t equals = element.get_ref<const std::string&>().find('=');
    return equals != 0 && equals != std::string::npos;
  });
}

}  // namespace latent
