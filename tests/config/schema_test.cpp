#include "src/config/schema.h"

#include <algorithm>
#include <sstream>

#include "src/config/catalog.h"
#include "src/config/knobs.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::ordered_json;

ordered_json definition(const std::string& knob) { return config_schema()["$defs"][knob]; }

TEST(ConfigSchema, LeadsFromTheSectionsToEveryKnobAndToNothingElse) {
  const ordered_json schema = config_schema();
  EXPECT_EQ(schema["additionalProperties"], false);
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    const ordered_json* at = &schema;
    std::istringstream parts(knob.name);
    for (std::string part; std::getline(parts, part, '.');) {
      EXPECT_EQ(at->value("additionalProperties", true), false);
      at = &at->at("properties").at(part);
    }
    EXPECT_EQ(*at, ordered_json({{"$ref", "#/$defs/" + knob.name}}));
    std::string pattern = "^" + knob.name + "$";
    for (size_t dot = 0; (dot = pattern.find('.', dot)) != std::string::npos; dot += 2)
      pattern.insert(dot, "\\");
    EXPECT_TRUE(schema["patternProperties"].contains(pattern)) << "dotted keys are keys too";
  }
}

TEST(ConfigSchema, HasOfEachKnobTheDefaultTheMeaningAndTheValues) {
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    const ordered_json row = definition(knob.name);
    EXPECT_EQ(row["default"], knob_value(knob)) << knob.name;
    EXPECT_EQ(row["description"].get<std::string>().find(knob.help), 0u) << knob.name;
    EXPECT_TRUE(row.contains("type") != row.contains("anyOf")) << knob.name;
  }
  const std::string description = definition("model.factors")["description"];
  EXPECT_NE(description.find("own defaults: svd 100"), std::string::npos);
}

TEST(ConfigSchema, SaysTypeAndRange) {
  const auto form = [](const std::string& knob) { return definition(knob)["anyOf"][0]; };
  EXPECT_EQ(form("train.lr"), ordered_json({{"type", "number"}, {"exclusiveMinimum", 0.0}}));
  EXPECT_EQ(form("train.refit"), ordered_json({{"type", "boolean"}}));
  EXPECT_EQ(form("train.threads"),
            ordered_json({{"type", "integer"}, {"maximum", 1024}, {"minimum", 0}}));
  EXPECT_EQ(form("split.test"),
            ordered_json({{"type", "number"}, {"exclusiveMaximum", 1}, {"minimum", 0}}));
  EXPECT_EQ(definition("data.path")["type"], "string");
  std::vector<std::string> names;
  for (const ModelInfo& model : model_catalog()) names.push_back(model.name);
  EXPECT_EQ(form("model.name"), ordered_json({{"type", "string"}, {"enum", names}}));
  EXPECT_EQ(form("eval.k")["type"], "array");
  EXPECT_EQ(form("eval.k")["minItems"], 1);
  EXPECT_EQ(definition("eval.k")["anyOf"][1],
            ordered_json({{"minimum", 1}, {"type", "integer"}}))
      << "one value, a list of one";
  EXPECT_EQ(definition("data.rating_map")["anyOf"][0]["type"], "object");
}

TEST(ConfigSchema, DrawsTheLinesWhereReadingDraws) {
  RunConfig config;
  int lines = 0;
  for (const Knob& knob : knobs(config)) {
    const auto takes = [&](const nlohmann::json& value) { return set_knob(knob, value).empty(); };
    for (const auto& [key, line] : knob.range.schema.items()) {
      if (key == "minimum") {
        EXPECT_TRUE(takes(line) && !takes(line.get<double>() - 1)) << knob.name;
      } else if (key == "maximum") {
        EXPECT_TRUE(takes(line) && !takes(line.get<double>() + 1)) << knob.name;
      } else if (key == "exclusiveMinimum") {
        EXPECT_TRUE(!takes(line) && takes(line.get<double>() + 1e-9)) << knob.name;
      } else if (key == "exclusiveMaximum") {
        EXPECT_TRUE(!takes(line) && takes(line.get<double>() - 1e-9)) << knob.name;
      } else if (key == "enum") {
        for (const auto& value : line) EXPECT_TRUE(takes(value)) << knob.name << " " << value;
        EXPECT_FALSE(takes("none of them")) << knob.name;
      } else {
        continue;
      }
      ++lines;
    }
  }
  EXPECT_GT(lines, 50);
}

TEST(ConfigSchema, LetsAVariableStandForEveryValue) {
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    const ordered_json row = definition(knob.name);
    const ordered_json variable = {{"$ref", "#/$defs/variable"}};
    EXPECT_TRUE(row.value("type", "") == "string" ||
                std::ranges::count(row["anyOf"], variable) == 1)
        << knob.name;
  }
}

TEST(ConfigSchema, HasRoomForWhatIsNoKnob) {
  for (const char* key : {"$schema", "include", "sweep", "provenance", "read_as"})
    EXPECT_TRUE(config_schema()["properties"].contains(key)) << key;
}

}  // namespace
}  // namespace latent
