// Rows from JSON lines and Python-dict lines.
#include "tests/data/data_support.h"

namespace latent {
namespace {

DataOptions fields(const std::string& user, const std::string& item,
                   const std::string& rating = "auto") {
  DataOptions options;
  options.user = user;
  options.item = item;
  options.rating = rating;
  return options;
}

TEST(ObjectFormat, ReadsGoodreadsJsonLines) {
  const std::string line =
      R"({"user_id": "8842281e1d1347389f2ab93d60773d4d", "book_id": "18245960", "rating": 5, "date_added": "Wed Dec 09 09:23:58 -0800 2015"})";
  const RawData raw = parse_text(line + "\n" + line, {}, /*need_time=*/true);
  EXPECT_EQ(named_rows(raw.data),
            (std::vector<NamedRow>(2, {"8842281e1d1347389f2ab93d60773d4d", "18245960", 5})));
  EXPECT_EQ(raw.data.rows.time, (std::vector<double>(2, 1449681838)));
  EXPECT_EQ(raw.format.time, "date_added");
}

TEST(ObjectFormat, TakesNumbersAndStringsAsIdsAndRatings) {
  EXPECT_EQ(rows_of(R"({"user": 7, "item": "7", "rating": "4.5"})"),
            (std::vector<NamedRow>{{"7", "7", 4.5}}));
  EXPECT_EQ(rows_of("{'user': u'x', 'item': 12L, 'rating': '3'}"),
            (std::vector<NamedRow>{{"x", "12", 3}}));
}

TEST(ObjectFormat, FindsTheUsualNamesOfEachSource) {
  for (const char* line : {R"({"reviewerID": "u", "asin": "i", "overall": 2.0})",
                           R"({"userId": "u", "movieId": "i", "rating": 2})",
                           R"({'user/profileName': 'u', 'beer/beerId': 'i', 'review/overall': 2})",
                           R"({"user_id": "u", "business_id": "i", "stars": 2})"}) {
    EXPECT_EQ(rows_of(line), (std::vector<NamedRow>{{"u", "i", 2}})) << line;
  }
}

TEST(ObjectFormat, TakesNamedFieldsLiterallyThenAsPaths) {
  EXPECT_EQ(rows_of(R"({"a": {"id": "nested"}, "a.id": "flat", "style": {"Size:": "M"}, "r": 1})",
                    fields("a.id", "style.Size:", "r")),
            (std::vector<NamedRow>{{"flat", "M", 1}}));
}

TEST(ObjectFormat, RatingNoneCountsEachRowOnce) {
  EXPECT_EQ(rows_of(R"({"user": "u", "item": "i", "rating": 4})", fields("auto", "auto", "none")),
            (std::vector<NamedRow>{{"u", "i", 1}}));
}

TEST(ObjectFormat, SkipsBlankLines) {
  EXPECT_EQ(rows_of("\n{\"user\": 1, \"item\": 2, \"rating\": 3}\n  \n\n{\"user\": 4, \"item\": 5, "
                    "\"rating\": 6}\n\n")
                .size(),
            2u);
}

TEST(ObjectFormat, PointsAtTheLineOfEachBadRow) {
  const std::string good = "{\"user\": 1, \"item\": 2, \"rating\": 3}\n";
  for (const auto& [bad, what] : std::vector<std::pair<std::string, std::string>>{
           {R"({"user": 1, "item": 2})", "no field 'rating'"},
           {R"({"item": 1, "rating": 2})", "no field 'user'"},
           {R"({"user": null, "item": 1, "rating": 2})", "field 'user' is null"},
           {R"({"user": 1, "item": {"id": 1}, "rating": 2})",
            "field 'item' is neither a string nor a number"},
           {R"({"user": true, "item": 1, "rating": 2})",
            "field 'user' is neither a string nor a number"},
           {R"({"user": 1, "item": [1], "rating": 2})", "field 'item' is neither"},
           {R"({"user": "", "item": 1, "rating": 2})", "the id in 'user' is empty"},
           {R"({"user": "a\u0000b", "item": 1, "rating": 2})", "NUL"},
           {"{\"user\": \"caf\xE9\", \"item\": 1, \"rating\": 2}", "UTF-8"},
           {R"({"user": 1, "item": 1, "rating": "good"})",
            "rating 'good' (rating) is not a number"},
           {R"({"user": 1, "item": 1, "rating": "NaN"})", "rating 'NaN'"},
           {R"({"user": 1, "item": 1, "rating": NaN})", "not a literal: 'NaN'"},
           {R"({"user": 1, "item": 1, "rating": 1e999})", "rating '1e999'"},
           {R"({"user": 1, "item": 1, "rating": null})", "field 'rating' is null"},
           {R"({"user": 1, "item": 1, "rating": 1, "rating": 2})", "given twice"},
           {R"({"user": 1, "item": 1, "rating": 1)", "the line ends inside an object"},
           {"<html>", "no '{'"}}) {
    const std::string error = parse_error(good + good + bad + "\n" + good);
    EXPECT_EQ(error.rfind("f:3: ", 0), 0u) << bad << ": " << error;
    EXPECT_TRUE(has(error, what)) << bad << ": " << error;
    EXPECT_FALSE(has(error, "\n")) << "one line only";
  }
}

TEST(ObjectFormat, RefusesCodeInADictLine) {
  const std::string good = "{'user': 1, 'item': 2, 'rating': 3}\n";
  const std::string error =
      parse_error(good + "{'user': __import__('os').system('true'), 'item': 2, 'rating': 3}\n");
  EXPECT_EQ(error.rfind("f:2: ", 0), 0u) << error;
  EXPECT_TRUE(has(error, "literals")) << error;
}

TEST(ObjectFormat, SaysWhichFieldsThereAreWhenNoUsualNameFits) {
  const std::string error = parse_error(R"({"who": 1, "what": {"id": 2}, "rating": 3})");
  EXPECT_EQ(error,
            "f:1: no usual name for the user among the fields who, what.id, rating; name one in "
            "data.user");
  EXPECT_TRUE(has(parse_error(R"({"user": 1, "item": 2})"), "data.rating, or none"));
}

TEST(ObjectFormat, LooksPastABrokenFirstLine) {
  DataOptions options;
  options.on_bad_row = "skip";
  EXPECT_EQ(rows_of("{\"user\": 1, \n{\"user\": 1, \"item\": 2, \"rating\": 3}\n", options),
            (std::vector<NamedRow>{{"1", "2", 3}}));
  EXPECT_EQ(rows_of("{'user': 1, \n{'user': 1, 'item': 2, 'rating': 3}\n", options),
            (std::vector<NamedRow>{{"1", "2", 3}}));
}

TEST(ObjectFormat, CarriesIdsInAnyScriptAndOfUpTo64KiB) {
  const std::string wide(1 << 16, 'w');
  for (const std::string& id : {std::string("書籍 📚 \"quoted\" \\ tab\t"), wide}) {
    std::string escaped;
    for (const char c : id) (escaped += c == '"' || c == '\\' ? "\\" : "") += c == '\t' ? 'T' : c;
    std::string expected = id;
    std::replace(expected.begin(), expected.end(), '\t', 'T');
    const auto rows = rows_of("{\"user\": \"" + escaped + "\", \"item\": \"i\", \"rating\": 3}\n");
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_TRUE(std::get<0>(rows[0]) == expected) << id.size();
  }
}

}  // namespace
}  // namespace latent
