// Which format a file is taken for, and adjacency lines.
#include "src/data/row_format.h"

#include "tests/data/data_support.h"

namespace latent {
namespace {

std::string guessed(const std::string& text) { return parse_text(text).format.format; }

TEST(AutoFormat, TellsEachFormatByItsContent) {
  EXPECT_EQ(guessed(R"({"user": 1, "item": 2, "rating": 3})"), "json");
  EXPECT_EQ(guessed(R"(  {"user": "it's {'", "item": 2, "rating": 3})"), "json");
  EXPECT_EQ(guessed(R"({'user': 1, 'item': 2, 'rating': 3})"), "pydict");
  EXPECT_EQ(guessed(R"({u'user': u"x, y::z", 'item': 2, 'rating': 3})"), "pydict");
  EXPECT_EQ(guessed(R"({"user": 'x', "item": 2, "rating": 3})"), "pydict");
  EXPECT_EQ(guessed("user,item,rating\n1,2,3"), "csv");
  EXPECT_EQ(guessed("1,2,3"), "csv");
  EXPECT_EQ(guessed("1\t2\t3"), "tsv");
  EXPECT_EQ(guessed("user\titem\ta, note\trating\n1\t2\tx\t3"), "tsv");
  EXPECT_EQ(guessed("1::2::3::4"), "movielens");
  EXPECT_EQ(guessed("0 5 7 9\n1 5\n2 8 9"), "adjacency");
  EXPECT_EQ(guessed("ann emma ulysses odyssey\nbob emma ulysses"), "adjacency");
  EXPECT_EQ(guessed("1::31\n2::10\n"), "movielens");
  EXPECT_EQ(guessed("1|10|3\n1|11|4\n"), "csv");
  EXPECT_EQ(guessed("user_id:token\titem_id:token\trating:float\n1\t2\t3\n"), "recbole");
  EXPECT_EQ(guessed("1:\n5,3,2005-09-06\n7,4,2005-09-07\n"), "netflix");
  EXPECT_EQ(guessed("%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 3\n"),
            "matrixmarket");
}

TEST(AutoFormat, SeesThroughGzBomAndCrlf) {
  for (const std::string& text : {std::string("user,item,rating\r\n1,2,3\r\n"),
                                  std::string("{'user': 1, 'item': 2, 'rating': 3}\r\n")}) {
    const auto rows = rows_of(text);
    EXPECT_EQ(rows, (std::vector<NamedRow>{{"1", "2", 3}}));
    EXPECT_EQ(rows_of(gz_of(text)), rows);
    EXPECT_EQ(rows_of("\xEF\xBB\xBF" + text), rows);
    EXPECT_EQ(rows_of(gz_of("\xEF\xBB\xBF" + text)), rows);
  }
}

TEST(AutoFormat, AsksWhetherBlankSeparatedFieldsAreRatings) {
  for (const char* text : {"196 242 3\n186 302 4\n", "196 242 3 881250949\n186 302 4 891717742\n",
                           "1 2 0.5\n3 4 1e1\n", "USER_8 LOC_1 1.0\nUSER_9 LOC_2 3.0\n", "1 2 3\n",
                           "1 2 0.5 4\n3 4 1.5\n"}) {
    const std::string error = parse_error(text);
    EXPECT_TRUE(has(error, "items of a user, or a rating? Set data.format to adjacency")) << error;
    EXPECT_TRUE(has(error, "data.separator")) << error;
    EXPECT_EQ(parse_text(text, with_format("adjacency")).format.format, "adjacency");
  }
}

TEST(AutoFormat, SaysWhatItLookedFor) {
  EXPECT_EQ(
      parse_error("word\nword\n"),
      "f:1: no JSON object, tab, comma, ';', '|', '::' or blank in 'word'; set data.format or "
      "data.separator");
  EXPECT_EQ(parse_error("\n \n\t\n"), "f: no rows in the file");
  EXPECT_EQ(parse_error("\xEF\xBB\xBF"), "f: no rows in the file");
}

// The wrong format named by hand must end in a clear line, whatever the file holds.
TEST(NamedFormat, ThatDoesNotFitIsAnErrorWithFileAndLine) {
  const std::vector<std::string> files = {"{\"user\": 1, \"item\": 2, \"rating\": 3}\n",
                                          "{'user': 1, 'item': 2, 'rating': 3}\n",
                                          "user_x,item,rating\n1,2,3\n",
                                          "1::2::3\n",
                                          "\"open,1,2\n",
                                          "word\n",
                                          std::string("\0\x01\xff\xfe,\0", 6)};
  for (const std::string& text : files) {
    for (const char* format : {"json", "pydict", "csv", "tsv", "movielens", "adjacency"}) {
      try {
        parse_text(text, with_format(format));
      } catch (const Error& e) {
        EXPECT_TRUE(has(e.what(), "/f:")) << format << ": " << e.what();
        EXPECT_FALSE(has(e.what(), "\n")) << format << ": " << e.what();
      }
    }
  }
}

TEST(Adjacency, GivesARowForEachItemOfAUser) {
  EXPECT_EQ(
      rows_of("u1 a  b\tc\n\nu2\nu3 a \n", with_format("adjacency")),
      (std::vector<NamedRow>{{"u1", "a", 1}, {"u1", "b", 1}, {"u1", "c", 1}, {"u3", "a", 1}}));
  EXPECT_TRUE(has(parse_error("u1 a b c d\nu2 caf\xE9\n"),
                  "f:2: the id an adjacency line is not valid UTF-8"));
}

TEST(ResolveColumn, TakesAnExactNameOrAUsualOneWithoutCaseAndDashes) {
  EXPECT_EQ(resolve_column("user", "B", {"a", "B"}), "B");
  EXPECT_EQ(resolve_column("user", "b", {"a", "B"}), "");
  EXPECT_EQ(resolve_column("user", "auto", {"x", "User-ID"}), "User-ID");
  EXPECT_EQ(resolve_column("item", "auto", {"item", "itemId"}), "itemId");  // the more telling name
  EXPECT_EQ(resolve_column("rating", "auto", {"x"}), "");
  for (const char* user : {"user_id", "userID", "userId", "reviewerID"})
    EXPECT_EQ(resolve_column("user", "auto", {user}), user);
  for (const char* item : {"book_id", "bookID", "item_id", "movieId", "asin"})
    EXPECT_EQ(resolve_column("item", "auto", {item}), item);
  for (const char* rating : {"rating", "overall"})
    EXPECT_EQ(resolve_column("rating", "auto", {rating}), rating);
}

}  // namespace
}  // namespace latent
