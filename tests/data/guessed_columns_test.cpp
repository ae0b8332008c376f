// What auto takes by position, and what it asks about instead of guessing.
#include "tests/data/data_support.h"

namespace latent {
namespace {

using Rows = std::vector<NamedRow>;

void expect_refused(const std::string& text, const std::vector<std::string>& parts,
                    const DataOptions& options = {}) {
  const std::string error = parse_error(text, options);
  for (const std::string& part : parts) EXPECT_TRUE(has(error, part)) << text << error;
  EXPECT_FALSE(has(error, "\n")) << error;
}

TEST(GuessedColumns, AsksForRolesOfFiveColumnsWithoutAHeader) {
  const std::string text = "1,2,3,4,5\n2,3,4,5,6\n";
  expect_refused(text, {"f:1: 5 columns and no header", "data.user", "data.item"});
  DataOptions told;
  told.item = "4";
  EXPECT_EQ(rows_of(text, told), (Rows{{"1", "5", 3}, {"2", "6", 4}}));
  EXPECT_EQ(rows_of("1,2,3,4,\n2,3,4,5,\n").size(), 2u);  // an empty one is none
}

TEST(GuessedColumns, AsksWhereAnIdHasAFractionOrIsATime) {
  expect_refused("3,-7.82,8.79\n2,99,0.29\n",
                 {"column 1, where the item would be", "'-7.82'", "data.item"});
  expect_refused("3,99,8.79\n2,-7.82,0.29\n", {"column 1", "'-7.82'"});
  expect_refused("0.5;10;3\n1.5;11;2\n", {"column 0, where the user would be"});
  expect_refused("0\t2010-10-19T23:55:27Z\t5\n", {"holds a time", "data.item"});
  expect_refused("2010-10-19 23:55:27|u|i\n2010-10-19 23:55:28|u|j\n", {"data.user"});
  EXPECT_EQ(rows_of("1.0,10.0,3\n2.0,11.0,4\n").size(), 2u);  // whole numbers are ids
  DataOptions told;
  told.item = "1";
  EXPECT_EQ(rows_of("3,-7.82,8.79\n", told).size(), 1u);
}

TEST(GuessedColumns, AsksWhereTimesStandForRatings) {
  expect_refused("196,242,881250949\n186,302,891717742\n",
                 {"column 2, where the rating would be", "data.rating", "data.time"});
  expect_refused("196,242,1433221332117,5\n186,302,1433221332118,4\n", {"holds times"});
  EXPECT_EQ(rows_of("196,242,881250949\n186,302,3\n").size(), 2u);  // plays, say
}

TEST(GuessedColumns, AsksWhetherRaggedRowsAreLists) {
  for (const char* separator : {"\t", ",", ";", "|"}) {
    std::string text;
    for (const char* row : {"0-5-6-7\n", "1-5-8\n", "2-6-7-8-9\n"}) text += row;
    for (size_t at = 0; (at = text.find('-')) != std::string::npos;) text.replace(at, 1, separator);
    expect_refused(text, {"f:1: rows of 3 to 5 columns", "adjacency", "data.user"});
  }
  // Mostly even ones are columns: then each odd row is a bad one.
  expect_refused("0,5,6,7\n1,5,8\n2,6,7,8\n", {"f:2: expected 4 columns or more, found 3"});
}

TEST(GuessedColumns, LeaveColumnsAloneThatHaveARole) {
  DataOptions options;
  options.item = "2";
  options.rating = "3";
  const RawData raw = parse_text("u1\tm1\tA\t5\nu1\tm2\tB\t900\n", options, /*need_time=*/true);
  EXPECT_EQ(named_rows(raw.data), (Rows{{"u1", "A", 5}, {"u1", "B", 900}}));
  EXPECT_EQ(raw.format.time, "none");
  options.rating = "auto";
  expect_refused("u1\tm1\t7\t5\nu1\tm2\t8\t9\n",
                 {"column 2, where the rating would be, has another role", "data.rating"}, options);
  DataOptions item_first;
  item_first.item = "0";
  expect_refused("1,2,3\n4,5,6\n",
                 {"column 0, where the user would be, has another role", "data.user"}, item_first);
  DataOptions named;
  named.user = "book_id";
  named.item = "item";
  EXPECT_EQ(rows_of("book_id,item,rating\n1,2,3\n", named), (Rows{{"1", "2", 3}}));
  DataOptions json;
  json.user = "item";
  json.item = "asin";
  EXPECT_EQ(rows_of(R"({"item": "a", "asin": "b", "overall": 2})"
                    "\n",
                    json),
            (Rows{{"a", "b", 2}}));
}

TEST(Header, IsToldOrSeenByItsWords) {
  DataOptions told;
  told.header = "true";
  EXPECT_EQ(rows_of("0,1,2\n1,10,3\n", told), (Rows{{"1", "10", 3}}));
  EXPECT_EQ(rows_of("who,what,stars2\n1,10,3\n", told), (Rows{{"1", "10", 3}}));
  EXPECT_EQ(rows_of("item,user,rating\n1,10,3\n", told), (Rows{{"10", "1", 3}}));
  told.user = "customer";
  told.item = "sku";
  EXPECT_EQ(rows_of("customer,sku\nA,1\nB,2\n", told), (Rows{{"A", "1", 1}, {"B", "2", 1}}));
  DataOptions none;
  none.header = "false";
  EXPECT_EQ(rows_of("user,item,3\n1,10,3\n", none).size(), 2u);
  none.user = "user";
  expect_refused("user,item,3\n1,10,3\n",
                 {"data.user = 'user' is a name, but data.header is false"}, none);
  // Words above numbers are names of columns, if unusual ones.
  expect_refused("customer,sku\nA,1\nB,2\n",
                 {"f:1: no usual name for the user", "data.user", "data.header"});
}

TEST(Header, MayStandInAComment) {
  EXPECT_EQ(rows_of("# item user rating\n10 1 3\n",
                    [] {
                      DataOptions options;
                      options.separator = " ";
                      return options;
                    }()),
            (Rows{{"1", "10", 3}}));
  EXPECT_EQ(rows_of("#movieId,userId,rating\n10,1,3\n"), (Rows{{"1", "10", 3}}));
  EXPECT_EQ(rows_of("# FromNodeId\tToNodeId\n0\t4\n0\t5\n").size(), 2u);
}

TEST(Header, OfRecBoleNamesTypes) {
  const std::string text = "item_id:token\tuser_id:token\trating:float\tts:float\n242\t196\t3\t8\n";
  EXPECT_EQ(rows_of(text), (Rows{{"196", "242", 3}}));
  for (const char* name : {"ts", "ts:float"}) {
    DataOptions options;
    options.rating = name;
    EXPECT_EQ(rows_of(text, options), (Rows{{"196", "242", 8}})) << name;
  }
  expect_refused("user,item,rating\n1,2,3\n", {"no header of RecBole"}, with_format("recbole"));
}

TEST(Header, AndNothingElseIsAnError) {
  for (const char* text :
       {"userId,movieId,rating\n", "userId;movieId;rating", "user_id:token\titem_id:token\n\n"})
    expect_refused(text, {"f: a header and nothing else"});
}

}  // namespace
}  // namespace latent
