#include "src/data/object_scanner.h"

#include "src/data/row.h"
#include "tests/support.h"

namespace latent {
namespace {

using Kind = ObjectScanner::Kind;
constexpr auto kJson = ObjectDialect::kJson;

/// The text of `name` in a JSON line; "absent" when it is not there.
std::string field(const std::string& line, const std::string& name) {
  ObjectScanner scanner(kJson, {"x", name});
  scanner.scan(line);
  return scanner.field(1).kind == Kind::kAbsent ? "absent" : std::string(scanner.field(1).text);
}

std::string error_of(const std::string& line) {
  return LATENT_MESSAGE_OF(RowError, field(line, "a"));
}

TEST(JsonScanner, ReadsScalarsAsTheyStand) {
  const std::string line =
      R"( { "s" : "text", "i":-12,"d": 4.50e+1 ,"t":true,"n":null, "o":{}, "l":[1,{"s":2}], "e":"" } )";
  for (const auto& [name, text, kind] :
       std::vector<std::tuple<std::string, std::string, Kind>>{{"s", "text", Kind::kString},
                                                               {"i", "-12", Kind::kNumber},
                                                               {"d", "4.50e+1", Kind::kNumber},
                                                               {"t", "true", Kind::kBool},
                                                               {"n", "null", Kind::kNull},
                                                               {"o", "", Kind::kNested},
                                                               {"l", "", Kind::kNested},
                                                               {"e", "", Kind::kString},
                                                               {"none", "", Kind::kAbsent}}) {
    ObjectScanner scanner(kJson, {name});
    scanner.scan(line);
    EXPECT_EQ(scanner.field(0).kind, kind) << name;
    EXPECT_EQ(scanner.field(0).text, text) << name;
  }
}

TEST(JsonScanner, UnescapesValuesAndKeys) {
  EXPECT_EQ(field(R"({"a": "\"\\\/\b\f\n\r\t"})", "a"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(field(R"({"a": "\u0041\u00e9\u65E5"})", "a"), "Aé日");
  EXPECT_EQ(field(R"({"a": "\ud83d\ude00"})", "a"), "😀");
  EXPECT_EQ(field(R"({"\u0061": "by an escaped key"})", "a"), "by an escaped key");
  EXPECT_EQ(field(R"({"b\"c": "\\", "a": "x\\"})", "b\"c"), "\\");
  EXPECT_EQ(field(R"({"a": "\u0000"})", "a"), std::string(1, '\0'));
}

TEST(JsonScanner, KeepsEveryFieldsTextApart) {
  ObjectScanner scanner(kJson, {"a", "b", "c"});
  scanner.scan(R"({"a": "\u0041", "b": "\u0042", "c": "plain"})");
  EXPECT_EQ(scanner.field(0).text, "A");
  EXPECT_EQ(scanner.field(1).text, "B");
  EXPECT_EQ(scanner.field(2).text, "plain");
}

TEST(JsonScanner, ForgetsTheLineBefore) {
  ObjectScanner scanner(kJson, {"a"});
  scanner.scan(R"({"a": 1})");
  scanner.scan(R"({"b": 1})");
  EXPECT_EQ(scanner.field(0).kind, Kind::kAbsent);
}

TEST(JsonScanner, FollowsPathsAndTakesALiteralKeyFirst) {
  EXPECT_EQ(field(R"({"style": {"Size:": "M", "x": {"y": 1}}})", "style.Size:"), "M");
  EXPECT_EQ(field(R"({"style": {"Size:": "M", "x": {"y": 1}}})", "style.x.y"), "1");
  EXPECT_EQ(field(R"({"style": {"x": {"z": 1}}, "y": 3})", "style.x.y"), "absent");
  EXPECT_EQ(field(R"({"review/overall": 5, "a.b": 1, "a": {"b": 2}})", "a.b"), "1");
  EXPECT_EQ(field(R"({"a": {"b": 2}, "a.b": 1})", "a.b"), "1");
  EXPECT_EQ(field(R"({"a.b": {"c": 7}})", "a.b.c"), "7");
  EXPECT_EQ(field(R"({"review/overall": 5})", "review/overall"), "5");
  EXPECT_EQ(field(R"({"l": [{"a": 1}], "a": 2})", "a"), "2");
  EXPECT_EQ(field(R"({"l": [{"a": 1}]})", "l.a"), "absent");
}

TEST(JsonScanner, GivesOneFieldUnderTwoNames) {
  ObjectScanner scanner(kJson, {"id", "id"});
  scanner.scan(R"({"id": "7\u0041"})");
  EXPECT_EQ(scanner.field(0).text, "7A");
  EXPECT_EQ(scanner.field(1).text, "7A");
}

TEST(JsonScanner, RefusesAWantedFieldGivenTwice) {
  EXPECT_NE(error_of(R"({"a": 1, "a": 1})").find("field 'a' is given twice"), std::string::npos);
  EXPECT_THROW(field(R"({"a": {"b": 1}, "a": {"b": 2}})", "a.b"), RowError);
  EXPECT_NO_THROW(field(R"({"other": 1, "other": 2, "a": 1})", "a"));
}

TEST(JsonScanner, ListsTheScalarFieldsOfALine) {
  EXPECT_EQ(
      ObjectScanner::names(
          kJson, R"({"a": 1, "s": {"x:": "y", "t": {"u": null}}, "l": [{"no": 1}], "b": "c"})"),
      (std::vector<std::string>{"a", "s.x:", "s.t.u", "b"}));
}

TEST(JsonScanner, EndsDeepNestingWithAnError) {
  const auto nested = [](int depth, const std::string& open, const std::string& close) {
    std::string out = "{\"a\": ";
    for (int n = 0; n < depth; ++n) out += open;
    out += "1";
    for (int n = 0; n < depth; ++n) out += close;
    return out + "}";
  };
  EXPECT_NO_THROW(field(nested(60, "[", "]"), "b"));
  EXPECT_NO_THROW(field(nested(60, "{\"x\":", "}"), "b"));
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{\"x\":", "}")}) {
    EXPECT_NE(error_of(nested(100000, open, close)).find("nested deeper"), std::string::npos);
  }
}

TEST(JsonScanner, RefusesEveryKindOfMalformedLine) {
  for (const char* line : {"",
                           " ",
                           "x",
                           "[1]",
                           "5",
                           "\"a\"",
                           "{",
                           "}",
                           "{}x",
                           "{} {}",
                           "{,}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1",
                           "{\"a\":1,",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{\"a\":1 \"b\":2}",
                           "{a:1}",
                           "{'a':1}",
                           "{1:2}",
                           "{\"a\":'x'}",
                           "{\"a\":\"x}",
                           "{\"a\":\"x\\\"}",
                           "{\"a",
                           "{\"a\":[1,2}",
                           "{\"a\":[1 2]}",
                           "{\"a\":[1,]}",
                           "{\"a\":[",
                           "{\"a\":(1)}",
                           "{\"a\":tru}",
                           "{\"a\":True}",
                           "{\"a\":None}",
                           "{\"a\":nul",
                           "{\"a\":nulll}",
                           "{\"a\":NaN}",
                           "{\"a\":Infinity}",
                           "{\"a\":-}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":5.}",
                           "{\"a\":05}",
                           "{\"a\":1e}",
                           "{\"a\":1e+}",
                           "{\"a\":1x}",
                           "{\"a\":0x1}",
                           "{\"a\":1.2.3}",
                           "{\"a\":u\"x\"}",
                           "{\"a\":\"\\q\"}",
                           "{\"a\":\"\\u12\"}",
                           "{\"a\":\"\\u12g4\"}",
                           "{\"a\":\"\\ud83d\"}",
                           "{\"a\":\"\\ude00\"}",
                           "{\"a\":\"\\ud83dx\"}",
                           "{\"a\":\"\\ud83d\\u0041\"}",
                           "{\"a\":\"\\x41\"}",
                           "{\"a\":\"\\'\"}",
                           "{\"\\q\":1}",
                           "{\"a\":1}//",
                           "{/**/\"a\":1}",
                           "\xff{}"}) {
    const std::string what = error_of(line);
    EXPECT_NE(what.find("; expected one JSON object a line"), std::string::npos)
        << line << ": " << what;
  }
}

TEST(JsonScanner, PointsAtTheColumn) {
  EXPECT_EQ(error_of(R"({"a": 1, "b": "open)"),
            "unterminated string at column 15; expected one JSON object a line");
  EXPECT_EQ(error_of(R"({"a": 1} x)"),
            "text after the object at column 10; expected one JSON object a line");
}

}  // namespace
}  // namespace latent
