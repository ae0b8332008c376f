#include "src/config/variables.h"

#include <cstdlib>

#include "src/base/error.h"
#include "src/base/utf8.h"

namespace latent {

namespace {

using nlohmann::json;

bool is_name(const std::string& text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !is_letter(text[0])) return false;
  for (const char c : text) {
    if (!is_letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

/// The value of what stands between the braces: "NAME" or "NAME:-default".
std::string value_of(const std::string& inner) {
  const size_t colon = inner.find(":-");
  const std::string name = inner.substr(0, colon);
  if (!is_name(name))
    throw Error("has ${" + inner + "}, which is no variable; write ${NAME}, ${NAME:-default}, or " +
                "$${ for the text ${");
  const char* const value = std::getenv(name.c_str());
  const bool given = value != nullptr && (colon == std::string::npos || *value != '\0');
  if (given && !is_utf8(value))
    throw Error("uses ${" + name + "}, whose value is not valid UTF-8; give it another");
  if (given) return value;
  if (colon != std::string::npos) return inner.substr(colon + 2);
  throw Error("uses ${" + name + "}, which is not set; set the variable, or write ${" + name +
              ":-default}");
}

/// A number where `text` is one.
json number_or_text(const std::string& text) {
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_number() ? value : json(text);
}

}  // namespace

ExpandedText expand_variables(const std::string& text) {
  ExpandedText out;
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, 3, "$${") == 0) {
      out.text += "${";
      at += 3;
    } else if (text.compare(at, 2, "${") == 0) {
      const size_t end = text.find('}', at);
      if (end == std::string::npos)
        throw Error("has ${ without a closing brace; write ${NAME}, or $${ for the text ${");
      out.text += value_of(text.substr(at + 2, end - at - 2));
      out.has_variables = true;
      at = end + 1;
    } else {
      out.text += text[at++];
    }
  }
  return out;
}

json expand_variables(const Knob* knob, const json& value) {
  if (value.is_string()) {
    const ExpandedText expanded = expand_variables(value.get_ref<const std::string&>());
    const bool as_text = knob == nullptr || std::holds_alternative<std::string*>(knob->target);
    if (as_text || !expanded.has_variables) return expanded.text;
    return parse_set_value(*knob, expanded.text);
  }
  if (!value.is_structured()) return value;
  const bool of_texts =
      knob == nullptr || std::holds_alternative<std::vector<std::string>*>(knob->target);
  json out = value;
  for (json& element : out) {
    if (!element.is_string()) continue;
    const ExpandedText expanded = expand_variables(element.get_ref<const std::string&>());
    element = of_texts || !expanded.has_variables ? json(expanded.text)
                                                  : number_or_text(expanded.text);
  }
  return out;
}

std::string escape_variables(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "${") == 0) out += '$';
    out += text[at];
  }
  return out;
}

}  // namespace latent
