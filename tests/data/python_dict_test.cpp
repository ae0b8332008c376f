// The scanner's second dialect: Python dicts of literals. Expected values are what Python's
// ast.literal_eval gives.
#include "src/data/object_scanner.h"
#include "src/data/row.h"
#include "tests/support.h"

namespace latent {
namespace {

using Kind = ObjectScanner::Kind;
constexpr auto kPython = ObjectDialect::kPython;

std::pair<Kind, std::string> scan(const std::string& line, const std::string& name = "a") {
  ObjectScanner scanner(kPython, {name});
  scanner.scan(line);
  return {scanner.field(0).kind, std::string(scanner.field(0).text)};
}

/// The text of {'a': value}.
std::string text_of(const std::string& value) { return scan("{'a': " + value + "}").second; }
Kind kind_of(const std::string& value) { return scan("{'a': " + value + "}").first; }

TEST(PythonDict, ReadsBothQuotesAndPrefixes) {
  EXPECT_EQ(text_of(R"('single')"), "single");
  EXPECT_EQ(text_of(R"("it's")"), "it's");
  EXPECT_EQ(text_of(R"('say "x"')"), "say \"x\"");
  EXPECT_EQ(text_of(R"('it\'s')"), "it's");
  EXPECT_EQ(text_of(R"(u'caf\xe9')"), "café");
  EXPECT_EQ(text_of(R"(U"x")"), "x");
  EXPECT_EQ(text_of(R"(b'x')"), "x");
  EXPECT_EQ(text_of(R"('')"), "");
  EXPECT_EQ(scan(R"({u'a': 1})").second, "1");
  EXPECT_EQ(scan(R"({"a": 1})").second, "1");
}

TEST(PythonDict, ReadsPythonsEscapes) {
  EXPECT_EQ(text_of(R"('\x41\u00e9\U0001F600')"), "Aé😀");
  EXPECT_EQ(text_of(R"('\101\0\7x')"), std::string("A\0\ax", 4));
  EXPECT_EQ(text_of(R"('\a\b\f\n\r\t\v\\')"), "\a\b\f\n\r\t\v\\");
  EXPECT_EQ(text_of(R"('\d\/')"), "\\d\\/");  // Python keeps what means nothing
  EXPECT_EQ(text_of(R"('end\\')"), "end\\");
  for (const char* bad : {R"('\x4')", R"('\xg1')", R"('\u12')", R"('\U00110000')", R"('\ud800')"}) {
    EXPECT_THROW(text_of(bad), RowError) << bad;
  }
}

TEST(PythonDict, ReadsNumbersAndWords) {
  for (const char* number : {"4", "-3", "+2", "4.5", ".5", "5.", "1e5", "1.5E-3"}) {
    EXPECT_EQ(text_of(number), number);
    EXPECT_EQ(kind_of(number), Kind::kNumber);
  }
  EXPECT_EQ(text_of("12L"), "12");
  EXPECT_EQ(kind_of("None"), Kind::kNull);
  EXPECT_EQ(kind_of("True"), Kind::kBool);
  EXPECT_EQ(kind_of("False"), Kind::kBool);
}

TEST(PythonDict, SkipsNestedValuesAndTrailingCommas) {
  for (const char* nested : {"{}", "[]", "()", "(1,)", "(1, 'x', (2,),)", "[1, [2, u'x'], None,]",
                             "{'x': {'y': (1, 2)},}"}) {
    EXPECT_EQ(kind_of(nested), Kind::kNested) << nested;
    EXPECT_EQ(scan(std::string("{'n': ") + nested + ", 'a': 7,}").second, "7") << nested;
  }
  EXPECT_EQ(scan("{'t': {'year': 2009, 'l': ['}']}, 'a': 'x'}", "t.year").second, "2009");
}

TEST(PythonDict, EvaluatesNothing) {
  for (const char* code : {"__import__('os').system('true')",
                           "open('x')",
                           "1+1",
                           "4 if x else 5",
                           "x",
                           "nan",
                           "float('nan')",
                           "lambda: 1",
                           "f'{1}'",
                           "'a' 'b'",
                           "'a'*9",
                           "[x for x in y]",
                           "{1, 2}",
                           "1_000",
                           "0x10",
                           "1j",
                           "dict(a=1)",
                           "...",
                           "-x",
                           "not True",
                           "'''x'''",
                           "true",
                           "null",
                           "(1",
                           "[1)",
                           "{'x'}",
                           "{'x': }"}) {
    const std::string what = LATENT_MESSAGE_OF(RowError, text_of(code));
    EXPECT_NE(what.find("; expected one Python dict of literals a line"), std::string::npos)
        << code << ": " << what;
  }
  EXPECT_THROW(scan("{'a': 1}; import os"), RowError);
  EXPECT_THROW(scan("{'a': 1} # comment"), RowError);
  EXPECT_THROW(scan("{__import__('os'): 1}"), RowError);
  EXPECT_THROW(scan("{**x}"), RowError);
}

TEST(PythonDict, RefusesARepeatedField) {
  EXPECT_NE(LATENT_MESSAGE_OF(RowError, scan("{'a': 1, u'a': 2}")).find("field 'a' is given twice"),
            std::string::npos);
}

TEST(PythonDict, ReadsRealLines) {
  ObjectScanner scanner(
      kPython, {"user/profileName", "beer/beerId", "review/overall", "review/timeStruct.year"});
  scanner.scan(
      R"({'review/overall': 1.5, 'review/timeStruct': {'isdst': 0, 'year': 2009}, 'beer/ABV': None, )"
      R"('review/text': "A lot of foam.\tIn the 'smell' some \"banana\".", 'user/profileName': 'stcules', 'beer/beerId': '47986'})");
  EXPECT_EQ(scanner.field(0).text, "stcules");
  EXPECT_EQ(scanner.field(1).text, "47986");
  EXPECT_EQ(scanner.field(2).text, "1.5");
  EXPECT_EQ(scanner.field(3).text, "2009");
}

}  // namespace
}  // namespace latent
