#include "src/config/variables.h"

#include "src/base/error.h"
#include "src/config/read.h"
#include "tests/support.h"

namespace latent {
namespace {

/// A variable of the environment for as long as it lives; null: none of that name.
class Variable {
 public:
  Variable(std::string name, const char* value) : name_(std::move(name)) {
    if (value == nullptr) {
      ::unsetenv(name_.c_str());
    } else {
      ::setenv(name_.c_str(), value, 1);
    }
  }
  ~Variable() { ::unsetenv(name_.c_str()); }

 private:
  std::string name_;
};

std::string error_of(const std::string& text, const std::vector<std::string>& sets = {}) {
  return LATENT_MESSAGE_OF(Error, resolve_config(text, "c.json", sets));
}

TEST(ExpandVariables, PutsInValuesAndDefaults) {
  const Variable set("LATENT_T_SET", "x y"), empty("LATENT_T_EMPTY", ""),
      none("LATENT_T_NONE", nullptr);
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", ""},
           {"plain", "plain"},
           {"${LATENT_T_SET}", "x y"},
           {"a/${LATENT_T_SET}/${LATENT_T_SET}b", "a/x y/x yb"},
           {"[${LATENT_T_EMPTY}]", "[]"},
           {"${LATENT_T_SET:-d}", "x y"},
           {"${LATENT_T_EMPTY:-d}", "d"},
           {"${LATENT_T_NONE:-d}", "d"},
           {"${LATENT_T_NONE:-}", ""},
           {"${LATENT_T_NONE:-a:-b $c}", "a:-b $c"}})
    EXPECT_EQ(expand_variables(text).text, expected) << text;
}

TEST(ExpandVariables, TakesADollarSignForItselfUnlessABraceFollows) {
  for (const char* text : {"$", "$$", "$NAME", "a$b", "$$NAME", "}{", "$ {NAME}"}) {
    EXPECT_EQ(expand_variables(text).text, text);
    EXPECT_FALSE(expand_variables(text).has_variables);
  }
}

TEST(ExpandVariables, TakesTwoDollarSignsBeforeABraceForTheText) {
  EXPECT_EQ(expand_variables("$${NAME}").text, "${NAME}");
  EXPECT_FALSE(expand_variables("$${NAME}").has_variables);
  EXPECT_EQ(expand_variables("$${").text, "${");
}

TEST(EscapeVariables, IsUndoneByExpanding) {
  for (const std::string text :
       {"", "$", "${", "$${", "$$${A}", "${A}$${B}${", "a$b", "x${NAME:-d}y"})
    EXPECT_EQ(expand_variables(escape_variables(text)).text, text) << text;
}

TEST(ExpandVariables, SaysWhatIsWrongInOneLine) {
  const Variable none("LATENT_T_NONE", nullptr), bytes("LATENT_T_BYTES", "\xff");
  const auto what = [](const std::string& text) {
    return LATENT_MESSAGE_OF(Error, expand_variables(text));
  };
  EXPECT_EQ(what("a${LATENT_T_NONE}"),
            "uses ${LATENT_T_NONE}, which is not set; set the variable, or write "
            "${LATENT_T_NONE:-default}");
  EXPECT_EQ(what("${LATENT_T_BYTES}"),
            "uses ${LATENT_T_BYTES}, whose value is not valid UTF-8; give it another");
  EXPECT_EQ(what("a${B"), "has ${ without a closing brace; write ${NAME}, or $${ for the text ${");
  for (const std::string inner : {"", "1A", "A B", "A-d", ":-d", "A:d", "é"})
    EXPECT_EQ(what("${" + inner + "}"),
              "has ${" + inner + "}, which is no variable; write ${NAME}, ${NAME:-default}, or "
              "$${ for the text ${");
}

TEST(VariablesInAConfig, StayTextWhereTheKnobTakesText) {
  const Variable number("LATENT_T", "7");
  const RunConfig config =
      resolve_config(R"({"data": {"path": "${LATENT_T}", "where": ["a=${LATENT_T}"]}})", "c.json",
                     {"data.test_path=${LATENT_T}/t.csv"})
          .config;
  EXPECT_EQ(config.data.path, "7");
  EXPECT_EQ(config.data.where, std::vector<std::string>{"a=7"});
  EXPECT_EQ(config.data.test_path, "7/t.csv");
}

TEST(VariablesInAConfig, AreParsedAsSetParsesThemWhereTheKnobTakesNone) {
  const Variable rate("LATENT_T_RATE", ".5"), yes("LATENT_T_YES", "true"),
      list("LATENT_T_LIST", "[3, 4]"), null("LATENT_T_NULL", "null"), k("LATENT_T_K", "8");
  const std::string text = R"({"train": {"lr": "${LATENT_T_RATE}", "refit": "${LATENT_T_YES}"},
    "eval": {"k": "${LATENT_T_LIST}", "relevant_at_least": "${LATENT_T_NULL}"},
    "data": {"rating_scale": [1, "${LATENT_T_K}"], "rating_map": {"buy": "${LATENT_T_K}"}},
    "model": {"name": "${LATENT_T_NONE:-svd}"}})";
  const ResolvedConfig got = resolve_config(text, "c.json", {"model.factors=${LATENT_T_K}"});
  EXPECT_EQ(got.config.train.lr, 0.5);
  EXPECT_TRUE(got.config.train.refit);
  EXPECT_EQ(got.config.eval.k, (std::vector<int64_t>{3, 4}));
  EXPECT_EQ(got.config.eval.relevant_at_least, std::nullopt);
  EXPECT_EQ(got.config.data.rating_scale, (std::vector<double>{1, 8}));
  EXPECT_EQ(got.config.data.rating_map.at("buy"), 8);
  EXPECT_EQ(got.config.model.factors, 8);
  EXPECT_EQ(got.sources.at("train.epochs"), "model") << "svd's own defaults";
}

TEST(VariablesInAConfig, DoNotMakeANumberOfPlainText) {
  EXPECT_EQ(error_of(R"({"train": {"lr": "0.5"}})"),
            "c.json:1: 'train.lr' must be a number, not \"0.5\"");
}

TEST(VariablesInAConfig, NameKnobFileAndVariableWhereTheyAreNotSet) {
  const Variable none("LATENT_T_NONE", nullptr), word("LATENT_T_WORD", "fast");
  const std::string rest =
      "uses ${LATENT_T_NONE}, which is not set; set the variable, or write "
      "${LATENT_T_NONE:-default}";
  EXPECT_EQ(error_of("{\n\"data\": {\"path\": \"${LATENT_T_NONE}\"}}"),
            "c.json:2: 'data.path' " + rest);
  EXPECT_EQ(error_of("{}", {"model.factors=${LATENT_T_NONE}"}), "--set: 'model.factors' " + rest);
  EXPECT_EQ(error_of("{\n\"include\": \"${LATENT_T_NONE}.json\"}"), "c.json:2: 'include' " + rest);
  EXPECT_EQ(error_of(R"({"train": {"lr": "${LATENT_T_WORD}"}})"),
            "c.json:1: 'train.lr' must be a number, not \"fast\"");
  const ResolvedConfig got =
      resolve_with_complaints(R"({"model": {"name": "${LATENT_T_NONE}"}})", "c.json", {});
  EXPECT_EQ(got.sources.at("model.name"), "wrong");
}

TEST(VariablesInAConfig, AreLeftAloneInARunsOwnConfig) {
  const std::string run = R"({"provenance": {}, "data": {"path": "${LATENT_T_NONE}"}})";
  EXPECT_EQ(resolve_config(run, "run/config.json", {}).config.data.path, "${LATENT_T_NONE}");
}

}  // namespace
}  // namespace latent
