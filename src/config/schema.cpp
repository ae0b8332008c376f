#include "src/config/schema.h"

#include "src/config/catalog.h"
#include "src/config/knobs.h"

namespace latent {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// Joins what the range says of a value to `type`.
ordered_json ranged(ordered_json type, const json& range) {
  for (const auto& [key, value] : range.items()) type[key] = value;
  return type;
}

/// The forms in which a knob of this type takes its value, apart from null.
struct Forms {
  const Knob& knob;

  std::vector<ordered_json> operator()(bool*) const { return {{{"type", "boolean"}}}; }
  std::vector<ordered_json> operator()(int64_t*) const {
    return {ranged({{"type", "integer"}}, knob.range.schema)};
  }
  std::vector<ordered_json> operator()(double*) const {
    return {ranged({{"type", "number"}}, knob.range.schema)};
  }
  std::vector<ordered_json> operator()(std::optional<double>*) const {
    return (*this)(static_cast<double*>(nullptr));
  }
  std::vector<ordered_json> operator()(AutoNumber*) const {
    return {ranged({{"type", "number"}}, knob.range.schema), {{"const", "auto"}}};
  }
  std::vector<ordered_json> operator()(AutoCount*) const {
    return {ranged({{"type", "integer"}}, knob.range.schema), {{"const", "auto"}}};
  }
  std::vector<ordered_json> operator()(std::string*) const {
    std::vector<ordered_json> out = {ranged({{"type", "string"}}, knob.range.schema)};
    if (takes_column(knob)) out.push_back({{"type", "integer"}, {"minimum", 0}});
    if (takes_moment(knob)) out.push_back({{"type", "number"}});
    if (takes_switch(knob)) out.push_back({{"type", "boolean"}});
    return out;
  }
  std::vector<ordered_json> operator()(std::vector<int64_t>*) const {
    return with_single({{"type", "integer"}});
  }
  std::vector<ordered_json> operator()(std::vector<double>*) const {
    const ordered_json number = {{"type", "number"}};
    return knob.name == "data.missing" ? with_single(number)
                                       : std::vector<ordered_json>{list_of(number)};
  }
  std::vector<ordered_json> operator()(std::vector<std::string>*) const {
    return with_single({{"type", "string"}});
  }
  std::vector<ordered_json> operator()(std::map<std::string, double>*) const {
    return {{{"type", "object"}, {"additionalProperties", or_variable({{"type", "number"}})}}};
  }

  /// `form`, or text in which a variable of the environment is put.
  static ordered_json or_variable(const ordered_json& form) {
    if (form.value("type", "") == "string" && form.size() == 1) return form;
    return {{"anyOf", {form, {{"$ref", "#/$defs/variable"}}}}};
  }

 private:
  ordered_json list_of(const ordered_json& element) const {
    ordered_json out = ranged({{"type", "array"}, {"items", element}}, knob.range.schema);
    out["items"] = or_variable(out["items"]);
    return out;
  }
  /// A list, or one value that stands for a list of one.
  std::vector<ordered_json> with_single(const ordered_json& element) const {
    const ordered_json range = knob.range.schema;
    return {list_of(element), range.contains("items") ? range["items"] : element};
  }
};

bool takes_null(const Knob& knob) {
  return std::holds_alternative<std::optional<double>*>(knob.target) ||
         std::holds_alternative<std::vector<double>*>(knob.target) ||
         std::holds_alternative<std::vector<std::string>*>(knob.target) ||
         std::holds_alternative<std::map<std::string, double>*>(knob.target);
}

/// "own defaults: svd 100, ials 64", or "".
std::string own_defaults(const std::string& knob) {
  std::string out;
  for (const ModelInfo& model : model_catalog()) {
    for (const auto& [name, value] : model.defaults) {
      if (name == knob)
        out += (out.empty() ? "own defaults: " : ", ") + model.name + " " + value.dump();
    }
  }
  return out;
}

ordered_json schema_of(const Knob& knob) {
  ordered_json out;
  out["description"] = knob.help;
  for (const std::string& more : {knob.range.text, own_defaults(knob.name)}) {
    if (!more.empty()) out["description"] = out["description"].get<std::string>() + "; " + more;
  }
  out["default"] = knob_value(knob);
  ordered_json forms = std::visit(Forms{knob}, knob.target);
  if (takes_null(knob)) forms.push_back({{"type", "null"}});
  const bool any_text = forms.size() == 1 && Forms::or_variable(forms[0]) == forms[0];
  if (any_text) {
    out["type"] = "string";
  } else {
    forms.push_back({{"$ref", "#/$defs/variable"}});
    out["anyOf"] = forms;
  }
  return out;
}

/// "train.lr" as a regular expression that matches it alone.
std::string pattern_of(const std::string& name) {
  std::string out = "^";
  for (const char c : name) out += c == '.' ? "\\." : std::string(1, c);
  return out + "$";
}

/// An object whose keys are the parts of `knobs` behind `prefix`: the next one as a property, whole
/// dotted ones, which editors need not offer, as patterns.
ordered_json section(const std::vector<Knob>& rows, const std::string& prefix) {
  ordered_json out = {{"type", "object"},
                      {"properties", ordered_json::object()},
                      {"patternProperties", ordered_json::object()},
                      {"additionalProperties", false}};
  for (const Knob& knob : rows) {
    if (!knob.name.starts_with(prefix)) continue;
    const std::string rest = knob.name.substr(prefix.size());
    const size_t dot = rest.find('.');
    const ordered_json reference = {{"$ref", "#/$defs/" + knob.name}};
    if (dot == std::string::npos) {
      out["properties"][rest] = reference;
      continue;
    }
    out["patternProperties"][pattern_of(rest)] = reference;
    const std::string name = rest.substr(0, dot);
    if (!out["properties"].contains(name))
      out["properties"][name] = section(rows, prefix + name + ".");
  }
  if (out["patternProperties"].empty()) out.erase("patternProperties");
  return out;
}

}  // namespace

ordered_json config_schema() {
  RunConfig config;
  const std::vector<Knob> rows = knobs(config);
  ordered_json out = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "a config of latent"}};
  out.update(section(rows, ""));
  ordered_json& properties = out["properties"];
  const ordered_json text = {{"type", "string"}};
  properties["$schema"] = {{"type", "string"}, {"description", "this schema's name, for editors"}};
  properties["include"] = {
      {"description", "configs that lie under this one, named from its folder; later ones win"},
      {"anyOf", {text, {{"type", "array"}, {"items", text}}}}};
  properties["sweep"] = {{"type", "object"}, {"description", "the settings of a sweep"}};
  properties["provenance"] = {{"type", "object"},
                              {"description", "in a run's own config.json: where it came from"}};
  properties["read_as"] = {{"description", "in a run's own config.json: how its data was read"}};
  ordered_json& definitions = out["$defs"];
  definitions["variable"] = {
      {"description", "text with ${NAME} or ${NAME:-default}: a variable of the environment"},
      {"type", "string"},
      {"pattern", "\\$\\{[A-Za-z_]"}};
  for (const Knob& knob : rows) definitions[knob.name] = schema_of(knob);
  return out;
}

}  // namespace latent
