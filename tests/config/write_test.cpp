#include "src/config/write.h"

#include <sstream>

#include "src/config/catalog.h"
#include "tests/support.h"

namespace latent {
namespace {

using nlohmann::json;

/// A legal value that differs from the present one.
json changed(const Knob& knob) {
  if (knob.name == "train.steps") return 0;  // epochs takes its place
  const json now = knob_value(knob);
  std::vector<json> tries = {now.is_number() ? json(now.get<double>() + 0.125)
                                             : json("text of its \"own\", 日本\n")};
  if (now == "auto") tries.push_back(0.375);
  if (now.is_boolean()) tries = {!now.get<bool>()};
  if (now.is_number_integer()) tries = {now.get<int64_t>() + 1};
  if (now.is_null())
    tries = {0.1, json::array({0.5, 4}), json::array({"a=b|c"}), json{{"view, or \"look\"", 0.5}}};
  if (now.is_array()) tries = {json::array({7, 2})};
  std::istringstream words(knob.range.text);  // "one of csv tsv ..."
  for (std::string word; now.is_string() && words >> word;) tries.push_back(word);
  RunConfig scratch;
  for (const json& value : tries) {
    for (const Knob& other : knobs(scratch)) {
      if (other.name == knob.name && value != now && set_knob(other, value).empty()) return value;
    }
  }
  ADD_FAILURE() << "no other value found for " << knob.name;
  return now;
}

TEST(ConfigToJson, ReadsBackToTheSameConfigWithEveryKnobChanged) {
  // The model's defaults lie under a saved file: none may show through.
  for (const ModelInfo& model : model_catalog()) {
    RunConfig config;
    for (const Knob& knob : knobs(config)) {
      const json value = knob.name == "model.name" ? json(model.name) : changed(knob);
      EXPECT_EQ(set_knob(knob, value), "") << knob.name;
    }
    if (model.name == "bayesian_mf") {  // whose passes are not train.epochs' to say
      config.train.epochs = config.bayes.passes();
      config.train.steps = 0;
    }
    const std::string text = config_to_json(config).dump(2);
    ResolvedConfig back = resolve_config(text, "saved", {});
    const auto before = knobs(config), after = knobs(back.config);
    ASSERT_EQ(before.size(), after.size());
    for (size_t n = 0; n < before.size(); ++n) {
      EXPECT_EQ(knob_value(before[n]), knob_value(after[n])) << before[n].name;
      EXPECT_EQ(back.sources.at(before[n].name), "file") << before[n].name;
    }
  }
}

TEST(ConfigToJson, RoundTripsTheDefaultsOfEveryModel) {
  for (const ModelInfo& row : model_catalog()) {
    const auto config = resolve_config("{}", "c", {"model.name=" + row.name}).config;
    const auto saved = config_to_json(config);
    EXPECT_EQ(config_to_json(resolve_config(saved.dump(), "saved", {}).config), saved)
        << row.name;
  }
}

TEST(ConfigTable, ShowsEachKnobWithValueAndSource) {
  const ResolvedConfig resolved =
      resolve_config(R"({"train": {"lr": 0.25}})", "c", {"eval.k=[3]"});
  const std::string table = config_table(resolved);
  RunConfig copy = resolved.config;
  EXPECT_EQ(static_cast<size_t>(std::count(table.begin(), table.end(), '\n')), knobs(copy).size());
  const auto line_of = [&](const std::string& name) {
    const size_t at = table.find("\n" + name + " ") + 1;
    std::string out;
    for (const char c : table.substr(at, table.find('\n', at) - at)) {
      if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    }
    return out;
  };
  EXPECT_EQ(line_of("train.lr"), "train.lr 0.25 file c:1");
  EXPECT_EQ(line_of("eval.k"), "eval.k [3] --set");
  EXPECT_EQ(line_of("split.kind"), "split.kind \"random\" default");
}

TEST(ConfigReference, SaysOfEachKnobWhoReadsIt) {
  const std::string reference = config_reference();
  const auto readers = [&](const std::string& name) {
    const size_t row = reference.find("\n| `" + name + "` |") + 1;
    const std::string line = reference.substr(row, reference.find('\n', row) - row);
    const size_t last = line.rfind(" | ") + 3;
    return line.substr(last, line.size() - 2 - last);
  };
  EXPECT_EQ(readers("data.path"), "all");
  EXPECT_EQ(readers("data.weight"), "ials, where ials.form is implicit");
  EXPECT_EQ(readers("train.rows"), "all but mean, popularity, item_mean, item_knn and ease");
  EXPECT_EQ(readers("train.monitor"),
            "all but mean, bayesian_mf, popularity, item_mean, item_knn and ease, where "
            "train.patience is above 0");
  EXPECT_EQ(readers("train.optimizer"), "bias_only, latent_factor, bpr and mf");
  EXPECT_EQ(readers("ials.reg"), "ials");
  EXPECT_EQ(readers("ials.alpha"), "ials, where ials.form is implicit");
}

TEST(ConfigReference, HasARowForEachKnob) {
  const std::string reference = config_reference();
  RunConfig config;
  for (const Knob& knob : knobs(config)) {
    EXPECT_NE(reference.find("| `" + knob.name + "` | `" + knob_value(knob).dump() + "` |"),
              std::string::npos)
        << knob.name;
  }
}

}  // namespace
}  // namespace latent
