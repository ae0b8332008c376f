// Separators, decimals, encodings, and the values that a row may hold.
#include "src/data/splitter.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

using Rows = std::vector<NamedRow>;

DataOptions with_separator(const std::string& separator) {
  DataOptions options;
  options.separator = separator;
  return options;
}

const Rows kRows = {{"1", "10", 3}, {"1", "11", 4}, {"2", "10", 2}};

std::string text_with(const std::string& separator, const std::string& header = "") {
  std::string out = header;
  for (const auto& [user, item, rating] : kRows)
    out += user + separator + item + separator + std::to_string(static_cast<int>(rating)) + "\n";
  return out;
}

TEST(Separator, IsFoundAmongTheUsualOnes) {
  for (const char* separator : {",", ";", "|", "\t", "::"}) {
    const RawData raw = parse_text(text_with(separator));
    EXPECT_EQ(named_rows(raw.data), kRows) << separator;
    EXPECT_EQ(raw.format.separator, separator);
  }
  EXPECT_EQ(rows_of(text_with(" ", "user item rating\n")), kRows);
  EXPECT_EQ(rows_of(text_with("  ", "  userId   movieId  rating\n")), kRows);
}

TEST(Separator, MayBeAnyTextThatIsTold) {
  for (const char* separator : {",", ";", "|", "\t", " ", "::", "^", "||", "\x01", "-"})
    EXPECT_EQ(rows_of(text_with(separator), with_separator(separator)), kRows) << separator;
  EXPECT_EQ(rows_of(text_with("\t"), with_separator("\\t")), kRows);
  EXPECT_EQ(rows_of(" 1   10 3 \n1\t11  4\n2 10 2\n", with_separator(" ")), kRows);
}

TEST(Separator, IsTheOneThatMakesSenseOfAllLines) {
  EXPECT_EQ(rows_of("1,10,3,a;b\n1,11,4,c;d\n2,10,2,e;f\n"), kRows);
  EXPECT_EQ(rows_of("1|10|3\n1|11|4\n2|10|2\n"), kRows);
  EXPECT_EQ(rows_of("user;item;rating\n1;10;3\n1;11;4\n2;10;2\n"), kRows);
  EXPECT_EQ(rows_of("user,item|x,rating\n1,10,3\n1,11,4\n2,10,2\n",
                    [] {
                      DataOptions options;
                      options.item = "item|x";
                      return options;
                    }()),
            kRows);
}

TEST(Separator, IsAskedForWhereTwoMakeEqualSense) {
  for (const char* text : {"1;10,5\n2;11,4\n", "u1\ti1,i2\nu2\ti1,i3\n"}) {
    const std::string error = parse_error(text);
    EXPECT_TRUE(has(error, "make columns of every line") && has(error, "data.separator")) << error;
  }
}

TEST(Quotes, WorkWithEverySeparator) {
  for (const std::string separator : {",", ";", "|", "\t", "::", " "}) {
    const std::string text =
        "\"a" + separator + "b\"" + separator + "\"x \"\"y\"\"\"" + separator + "\"3\"\n";
    EXPECT_EQ(rows_of(text, with_separator(separator)),
              (Rows{{"a" + separator + "b", "x \"y\"", 3}}))
        << separator;
  }
  EXPECT_EQ(rows_of("\"user\"\t\"item\"\t\"rating\"\n\"a\"\t\"x\"\t\"3\"\n"),
            (Rows{{"a", "x", 3}}));
  EXPECT_EQ(rows_of("user;item;note;rating\na;x;\"two\nlines\";3\n"), (Rows{{"a", "x", 3}}));
}

TEST(Decimal, CommaIsReadWhereItIsTold) {
  DataOptions options;
  options.decimal = ",";
  EXPECT_EQ(rows_of("1;10;3,5\n1;11;4\n2;10;-2,25\n", options),
            (Rows{{"1", "10", 3.5}, {"1", "11", 4}, {"2", "10", -2.25}}));
  EXPECT_EQ(rows_of("1,10,\"3,5\"\n", options), (Rows{{"1", "10", 3.5}}));
  EXPECT_EQ(rows_of(R"({"user": 1, "item": 2, "rating": 3.5})", options), (Rows{{"1", "2", 3.5}}));
  EXPECT_TRUE(
      has(parse_error("1;10;3.5\n", options), "has a point, where data.decimal is a comma"));
  EXPECT_TRUE(has(parse_error("1;10;1.234,5\n", options), "is not a number"));
  EXPECT_TRUE(has(parse_error("1;10;3,5\n1;11;4,0\n"), "set data.decimal to ','"));
  EXPECT_TRUE(has(parse_error("user,item,rating\na,x,\"1,234\"\n"), "rating '1,234'"));
  const RawData days =
      parse_text("user;item;rating;time\na;x;1;0,75\n", options, /*need_time=*/true);
  EXPECT_EQ(days.data.rows.time, (std::vector<double>{0.75}));
}

TEST(RatingMap, GivesWordsTheirNumbers) {
  DataOptions options;
  options.rating_map = {{"view", 1}, {"buy", 5}};
  options.rating = "event";
  EXPECT_EQ(rows_of("user,item,event\na,x,view\na,y,buy\n", options),
            (Rows{{"a", "x", 1}, {"a", "y", 5}}));
  EXPECT_TRUE(has(parse_error("user,item,event\na,x,look\n", options),
                  "f:2: rating 'look' (event) is not in data.rating_map"));
  EXPECT_TRUE(has(parse_error("user,item,event\na,x,1\n", options), "is not in data.rating_map"));
  EXPECT_EQ(rows_of(R"({"user": "a", "item": "x", "event": "buy"})", options),
            (Rows{{"a", "x", 5}}));
  options.rating = "2";
  EXPECT_EQ(rows_of("a,x,view\na,y,buy\n", options).size(),
            2u);  // no header: its words are ratings
}

TEST(RatingMap, KnowsTrueAndFalseWithoutBeingTold) {
  EXPECT_EQ(rows_of("a,x,True\na,y,False\nb,x,true\nb,y,false\n"),
            (Rows{{"a", "x", 1}, {"a", "y", 0}, {"b", "x", 1}, {"b", "y", 0}}));
  EXPECT_EQ(rows_of(R"({"user": "a", "item": "x", "rating": true})"), (Rows{{"a", "x", 1}}));
}

TEST(Missing, RatingsDropTheirRowsAndIds) {
  DataOptions options;
  options.missing = {99, -1};
  for (const std::string& text :
       {std::string("user,item,rating\na,x,3\nb,y,99\nc,z,-1\nd,x,99.0\n"),
        std::string(R"({"user": "a", "item": "x", "rating": 3})"
                    "\n"
                    R"({"user": "b", "item": "y", "rating": 99})"
                    "\n"
                    R"({"user": "b", "item": "y", "rating": "99"})"
                    "\n"
                    R"({"user": "b", "item": "y", "rating": -1})"
                    "\n")}) {
    const RawData raw = parse_text(text, options);
    EXPECT_EQ(named_rows(raw.data), (Rows{{"a", "x", 3}}));
    EXPECT_EQ(raw.data.users.size(), 1);
    EXPECT_EQ(raw.missing_rows, 3);
    EXPECT_EQ(raw.data.left_out.size(), 0) << "not rated, so not known either";
  }
}

TEST(Where, KeepsRowsForWhichAllConditionsHold) {
  DataOptions options;
  options.where = {"kind=play|watch", "3=x"};
  const std::string text =
      "user,item,kind,place,rating\na,i,play,x,1\na,j,buy,x,no "
      "number\nb,i,watch,x,2\nb,j,play,y,3\n";
  const RawData raw = parse_text(text, options);
  EXPECT_EQ(named_rows(raw.data), (Rows{{"a", "i", 1}, {"b", "i", 2}}));
  EXPECT_EQ(raw.data.left_out.size(), 2);
  options.where = {"kind=play|watch"};
  options.rating = "kind";
  options.rating_map = {{"play", 1}, {"watch", 2}};
  EXPECT_EQ(rows_of(R"({"user": "a", "item": "i", "kind": "play"})"
                    "\n"
                    R"({"user": "a", "item": "j", "kind": "buy"})"
                    "\n"
                    R"({"user": "a", "item": "k"})"
                    "\n"
                    R"({"user": "b", "item": "i", "kind": "watch"})"
                    "\n",
                    options),
            (Rows{{"a", "i", 1}, {"b", "i", 2}}));
}

TEST(Where, NamesColumnsThatThereAre) {
  DataOptions options;
  options.where = {"colour=red"};
  EXPECT_TRUE(has(parse_error("user,item,rating\na,b,1\n", options),
                  "f:1: data.where: no column 'colour'"));
  EXPECT_TRUE(has(parse_error("1 2\n1 2 3\n", options), "data.where needs columns"));
  options.where = {"7=red"};
  EXPECT_TRUE(has(parse_error("1,2,3\n", options), "data.where: no column '7'"));
}

TEST(Latin1, IsReadWhereItIsTold) {
  DataOptions options;
  options.encoding = "latin-1";
  EXPECT_EQ(rows_of("user,item,rating\nann,Caf\xE9,3\n", options),
            (Rows{{"ann", "Caf\xC3\xA9", 3}}));
  EXPECT_EQ(rows_of(gz_of("\xEF\xBB\xBFuser,item,rating\nann,Caf\xC3\xA9,3\n"), options),
            (Rows{{"ann", "Caf\xC3\xA9", 3}}));
  EXPECT_TRUE(has(parse_error("user,item,rating\nann,Caf\xE9,3\n"), "data.encoding to latin-1"));
}

}  // namespace
}  // namespace latent
