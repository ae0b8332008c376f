#include <charconv>
#include <cmath>
#include <optional>

#include "src/config/data_values.h"
#include "src/config/knobs.h"

namespace latent {

namespace {

using nlohmann::json;

const char* type_text(const KnobTarget& target) {
  struct Text {
    const char* operator()(bool*) const { return "true or false"; }
    const char* operator()(int64_t*) const { return "a whole number"; }
    const char* operator()(double*) const { return "a number"; }
    const char* operator()(std::string*) const { return "a string"; }
    const char* operator()(std::optional<double>*) const { return "a number or null"; }
    const char* operator()(AutoNumber*) const { return "a number or auto"; }
    const char* operator()(AutoCount*) const { return "a whole number or auto"; }
    const char* operator()(std::vector<int64_t>*) const { return "a list of whole numbers"; }
    const char* operator()(std::vector<double>*) const { return "a list of numbers or null"; }
    const char* operator()(std::vector<std::string>*) const { return "a list of strings or null"; }
    const char* operator()(std::map<std::string, double>*) const {
      return "an object of text to number, or null";
    }
  };
  return std::visit(Text{}, target);
}

bool is_whole(const json& v) {
  if (v.is_number_unsigned()) return v.get<uint64_t>() <= INT64_MAX;
  if (v.is_number_integer()) return true;
  // 1e6 is a float to JSON and a whole number to people.
  return v.is_number_float() && std::floor(v.get<double>()) == v.get<double>() &&
         std::abs(v.get<double>()) < 9e15;
}

int64_t whole(const json& v) {
  return v.is_number_float() ? static_cast<int64_t>(v.get<double>()) : v.get<int64_t>();
}

/// `v` in the form that the target stores, or a null pointer when the type does not fit.
std::optional<json> converted(const Knob& knob, const json& v) {
  if (std::holds_alternative<bool*>(knob.target))
    return v.is_boolean() ? std::optional(v) : std::nullopt;
  if (std::holds_alternative<int64_t*>(knob.target)) {
    return is_whole(v) ? std::optional<json>(whole(v)) : std::nullopt;
  }
  if (std::holds_alternative<double*>(knob.target))
    return v.is_number() ? std::optional(v) : std::nullopt;
  if (std::holds_alternative<std::optional<double>*>(knob.target)) {
    return v.is_number() || v.is_null() ? std::optional(v) : std::nullopt;
  }
  if (std::holds_alternative<AutoNumber*>(knob.target))
    return v.is_number() || v == "auto" ? std::optional(v) : std::nullopt;
  if (std::holds_alternative<AutoCount*>(knob.target) && v == "auto") return v;
  if (std::holds_alternative<AutoCount*>(knob.target))
    return is_whole(v) ? std::optional<json>(whole(v)) : std::nullopt;
  if (std::holds_alternative<std::string*>(knob.target)) {
    if (takes_column(knob) && is_whole(v) && whole(v) >= 0) return json(std::to_string(whole(v)));
    if (takes_moment(knob) && v.is_number()) return json(v.dump());
    if (takes_switch(knob) && v.is_boolean()) return json(v.get<bool>() ? "true" : "false");
    return v.is_string() ? std::optional(v) : std::nullopt;
  }
  if (std::holds_alternative<std::vector<double>*>(knob.target)) {
    // One rating that means "none" is a list of one; a scale has two ends.
    return list_of_numbers(knob.name == "data.missing" && v.is_number() ? json::array({v}) : v);
  }
  if (std::holds_alternative<std::vector<std::string>*>(knob.target)) return list_of_strings(v);
  if (std::holds_alternative<std::map<std::string, double>*>(knob.target)) return text_to_number(v);
  json out = json::array();
  const json list = v.is_array() ? v : json::array({v});
  for (const json& element : list) {
    if (!is_whole(element)) return std::nullopt;
    out.push_back(whole(element));
  }
  return out;
}

}  // namespace

json knob_value(const Knob& knob) {
  return std::visit(
      [](auto* target) -> json {
        if constexpr (std::is_same_v<decltype(target), std::optional<double>*>) {
          return *target ? json(**target) : json(nullptr);
        } else if constexpr (std::is_same_v<decltype(target), AutoNumber*> ||
                             std::is_same_v<decltype(target), AutoCount*>) {
          return target->value ? json(*target->value) : json("auto");
        } else if constexpr (std::is_same_v<decltype(target), std::vector<double>*> ||
                             std::is_same_v<decltype(target), std::vector<std::string>*> ||
                             std::is_same_v<decltype(target), std::map<std::string, double>*>) {
          return target->empty() ? json(nullptr) : json(*target);
        } else {
          return *target;
        }
      },
      knob.target);
}

std::string set_knob(const Knob& knob, const json& value) {
  const auto fit = converted(knob, value);
  std::string shown = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  if (!fit) return std::string("must be ") + type_text(knob.target) + ", not " + shown;
  if (knob.range.accepts && !fit->is_null() && !knob.range.accepts(*fit)) {
    return "must be " + knob.range.text + ", not " + shown;
  }
  std::visit(
      [&](auto* target) {
        if constexpr (std::is_same_v<decltype(target), std::optional<double>*>) {
          *target = fit->is_null() ? std::nullopt : std::optional(fit->get<double>());
        } else if constexpr (std::is_same_v<decltype(target), AutoNumber*>) {
          target->value = fit->is_number() ? std::optional(fit->get<double>()) : std::nullopt;
        } else if constexpr (std::is_same_v<decltype(target), AutoCount*>) {
          target->value = fit->is_number() ? std::optional(fit->get<int64_t>()) : std::nullopt;
        } else {
          *target = fit->get<std::decay_t<decltype(*target)>>();
        }
      },
      knob.target);
  return "";
}

json parse_set_value(const Knob& knob, const std::string& text) {
  if (std::holds_alternative<std::string*>(knob.target) && (text.empty() || text[0] != '"'))
    return text;
  const bool strings = std::holds_alternative<std::vector<std::string>*>(knob.target);
  if (strings && text != "null" && !text.starts_with('[') && !text.starts_with('"')) return text;
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_discarded()) return value;
  // ".01" and "+1" are numbers to people, though not to JSON.
  double number = 0;
  const char* const first = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* const last = text.data() + text.size();
  const auto [end, failed] = std::from_chars(first, last, number);
  return failed == std::errc() && end == last && std::isfinite(number) ? json(number) : json(text);
}

}  // namespace latent
