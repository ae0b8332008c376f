// CSV, TSV and MovieLens rows.

#include "tests/data/data_support.h"

namespace latent {
namespace {

using Rows = std::vector<NamedRow>;

TEST(Csv, ReadsRfc4180Quotes) {
  EXPECT_EQ(
      rows_of("user,item,rating\r\n\"a,b\",\"say \"\"hi\"\"\",\"4.5\"\r\nplain,\"\"\"\",3\r\n"),
      (Rows{{"a,b", "say \"hi\"", 4.5}, {"plain", "\"", 3}}));
  EXPECT_EQ(rows_of("user,item,rating\nit's 5\" wide,x,1\n"),
            (Rows{{"it's 5\" wide", "x", 1}}));  // a quote inside is text
}

TEST(Csv, ReadsQuotedFieldsThatSpanLines) {
  EXPECT_EQ(rows_of("user,item,title,rating\na,\"two\nlines\",\"\n\n\",1\nb,x,\"y\",2\n"),
            (Rows{{"a", "two\nlines", 1}, {"b", "x", 2}}));
  // Lines are still counted as they stand in the file.
  const std::string error = parse_error("user,item,rating\na,\"two\nlines\",1\nb,x,bad\n");
  EXPECT_EQ(error.rfind("f:4: rating 'bad'", 0), 0u) << error;
}

TEST(Csv, UnquotesTheHeader) {
  EXPECT_EQ(rows_of("\"user_id\",\"book_id\",\"rating\"\na,b,1\n"), (Rows{{"a", "b", 1}}));
}

TEST(Csv, ReadsTheHeaderInAnyOrderOrNone) {
  EXPECT_EQ(rows_of("book_id,user_id,rating\n1,314,5\n"), (Rows{{"314", "1", 5}}));  // goodbooks
  EXPECT_EQ(rows_of("userID,bookID,rating\nu1,b1,4\n"), (Rows{{"u1", "b1", 4}}));
  EXPECT_EQ(rows_of("user_id,book_id,is_read,rating,is_reviewed\n0,948,1,5,0\n"),
            (Rows{{"0", "948", 5}}));
  EXPECT_EQ(rows_of("196,242,3,881250949\n186,302,4,891717742\n"),
            (Rows{{"196", "242", 3}, {"186", "302", 4}}));
  EXPECT_EQ(rows_of("anna,emma,3\n"), (Rows{{"anna", "emma", 3}}));
  EXPECT_EQ(rows_of("42,book,3\nu,i,4\n"),
            (Rows{{"42", "book", 3}, {"u", "i", 4}}));  // ids that look like names
  EXPECT_EQ(rows_of("196,242\n186,302\n"), (Rows{{"196", "242", 1}, {"186", "302", 1}}));
}

TEST(Csv, TakesColumnsByNumberOrName) {
  DataOptions options;
  options.user = "1";
  options.item = "0";
  options.rating = "none";
  EXPECT_EQ(rows_of("7,8,x\n", options), (Rows{{"8", "7", 1}}));
  options.rating = "2";
  EXPECT_EQ(rows_of("b,u,score\n7,8,2\n", options),
            (Rows{{"8", "7", 2}}));  // a word where the rating is: a header
  options.user = "who";
  EXPECT_EQ(rows_of("b,who,3\n7,8,2\n", options), (Rows{{"8", "7", 2}}));  // a name needs a header
}

TEST(Csv, ReadsTimeOnlyWhenItIsNeeded) {
  const std::string text = "user,item,rating,timestamp\na,b,1,2015-12-09\n";
  EXPECT_FALSE(parse_text(text).data.rows.has_time());
  EXPECT_EQ(parse_text(text, {}, /*need_time=*/true).data.rows.time,
            (std::vector<double>{1449619200}));
  DataOptions options;
  options.time = "timestamp";
  EXPECT_TRUE(parse_text(text, options).data.rows.has_time());
  options.time = "none";
  EXPECT_FALSE(parse_text(text, options, /*need_time=*/true).data.rows.has_time());
  EXPECT_TRUE(has(parse_error("user,item,rating,timestamp\na,b,1,soon\n", {}, true),
                  "f:2: time 'soon' (timestamp)"));
}

TEST(Csv, SaysFileAndLineOfAShortRow) {
  EXPECT_EQ(
      parse_error("user,item,rating\na,b,1\nc,d\n"),
      "f:3: expected 3 columns or more, found 2 (data.on_bad_row = skip passes over such rows)");
}

TEST(Csv, RefusesARowLongerThanTheHeaderOrTheOthers) {
  EXPECT_EQ(parse_error("user_id,title,item_id,rating\na,Heat,10,5\na,Se7en, 1995,11,4\n")
                .rfind("f:3: expected 4 columns, found 5; a field that holds the separator", 0),
            0u);
  EXPECT_EQ(parse_error("1,10,3\n1,11,4,2,7\n2,10,5\n3,3,3\n")
                .rfind("f:2: expected 3 columns, found 5", 0),
            0u);
  // A row that is shorter than the others is as suspect, where no column was told.
  EXPECT_TRUE(
      has(parse_error("1,10,3,9\n1,11,4\n2,10,5,7\n"), "f:2: expected 4 columns or more, found 3"));
  DataOptions told;
  told.user = "0";
  EXPECT_EQ(rows_of("1,10,3,9\n1,11,4\n2,10,5,7\n", told).size(), 3u);
}

TEST(Csv, PassesOverEmptyFieldsAtTheEndAndRowsOfThem) {
  const Rows expected = {{"a", "b", 1}, {"c", "d", 2}};
  EXPECT_EQ(rows_of("user,item,rating\na,b,1,,\n\n,,\n , \nc,d,2\n"), expected);
  EXPECT_EQ(rows_of("user,item,rating,\na,b,1,\nc,d,2,\n"), expected);
  EXPECT_EQ(rows_of("a,b,1,\nc,d,2,\n"), expected);
}

TEST(Csv, TakesBlanksBesideSeparatorsForNoPartOfAField) {
  EXPECT_EQ(rows_of("1, 10, 3\n1 ,11\t, 4 \n \"2 \" , 10,2\n"),
            (Rows{{"1", "10", 3}, {"1", "11", 4}, {"2 ", "10", 2}}));
}

TEST(Csv, ReportsAQuoteThatNeverEnds) {
  const std::string error = parse_error("user,item,rating\na,b,1\nc,\"d,2\ne,f,3\n");
  EXPECT_TRUE(has(error, "the quoted field that begins on line 3 never ends")) << error;
  EXPECT_TRUE(
      has(parse_error("user,item,rating\na,\"b\"x,1\n"), "f:2: text after a closing quote"));
}

// A stray quote at the head of a large file must not cost minutes.
TEST(Csv, GivesUpEarlyOnAQuoteThatNeverEnds) {
  std::string text = "user,item,rating\na,\"b,1\n";
  while (text.size() < (16u << 20)) text += "some user,some item,4\n";
  EXPECT_TRUE(has(parse_error(text), "begins on line 2 never ends"));
}

TEST(Csv, NamesTheColumnsThereAreWhenNoneFits) {
  EXPECT_EQ(parse_error("who,what,rating\na,b,1\n"),
            "f:1: no usual name for the user in the header 'who, what, rating'; name one in "
            "data.user, or "
            "set data.header to false where that line is a row");
  DataOptions options;
  options.item = "book";
  EXPECT_TRUE(has(parse_error("user,item,rating\na,b,1\n", options),
                  "no column 'book' in the header 'user, item, rating'"));
  EXPECT_TRUE(has(parse_error("user,item,plays\na,b,3\n"),
                  "no usual name for the rating in the header 'user, item, plays'; name one in "
                  "data.rating, or none"));
  EXPECT_EQ(rows_of("user,item\na,b\n"), (Rows{{"a", "b", 1}}));  // no column is left for it
  for (const std::string& column : {std::string("3"), std::string(30, '9')}) {
    options.item = options.rating = column;
    EXPECT_TRUE(has(parse_error("1,2,3\n", options),
                    "data.item names column " + column + ", but the line has 3 columns"));
  }
}

TEST(Csv, RefusesRatingsThatAreNoNumbers) {
  for (const char* bad : {"x", "", "NaN", "inf", "1e999", "4;"}) {
    const std::string error =
        parse_error("user,item,rating\na,b,4\na,b," + std::string(bad) + "\n");
    EXPECT_TRUE(has(
        error, "f:3: rating '" + std::string(bad) + "' (rating) is not a number (data.on_bad_row"))
        << error;
  }
  EXPECT_TRUE(has(parse_error("1,2,3\n1,2,x\n"), "f:2: rating 'x' (2)"));
}

TEST(Csv, RefusesIdsThatAreEmptyOrNotText) {
  EXPECT_EQ(parse_error("user,item,rating\n,b,1\n"),
            "f:2: the id in 'user' is empty (data.on_bad_row = skip passes over such rows)");
  EXPECT_TRUE(has(parse_error("1,2,3\n4,,3\n"), "f:2: the id in column 1 is empty"));
  EXPECT_TRUE(
      has(parse_error("user,item,rating\na,caf\xE9,1\n"), "f:2: the id 'item' is not valid UTF-8"));
  EXPECT_TRUE(has(parse_error(std::string("user,item,rating\na,b\0,1\n", 25)),
                  "f:2: the id in 'item' holds a NUL byte"));
}

TEST(Csv, TakesIdsOf64KiBAndRefusesAByteMore) {
  const std::string wide(1 << 16, 'w');
  const auto rows = rows_of("user,item,rating\n" + wide + ",\"" + wide + "\",2\n");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(std::get<0>(rows[0]) == wide && std::get<1>(rows[0]) == wide);
  EXPECT_TRUE(has(parse_error("user,item,rating\na,b,1\n" + wide + "w,i,2\n"),
                  "f:3: the id in 'user' has 65537 bytes"));
}

TEST(Tsv, ReadsMovieLens100kAndLeavesLoneQuotesAlone) {
  EXPECT_EQ(rows_of("196\t242\t3\t881250949\n186\t302\t4\t891717742\n"),
            (Rows{{"196", "242", 3}, {"186", "302", 4}}));
  EXPECT_EQ(rows_of("user\titem\trating\n\"a\tb, c\t1\n"), (Rows{{"\"a", "b, c", 1}}));
  EXPECT_EQ(rows_of("user\titem\trating\n\"Weird Al\" Y\t\"b\t\"\"c\"\t1\n"),
            (Rows{{"\"Weird Al\" Y", "b\t\"c", 1}}));
  EXPECT_EQ(parse_text("196\t242\t3\t881250949\n", {}, /*need_time=*/true).data.rows.time,
            (std::vector<double>{881250949}));
}

TEST(Movielens, ReadsDoubleColons) {
  const RawData raw =
      parse_text("1::1193::5::978300760\n1::661::3.5::978302109\n", {}, /*need_time=*/true);
  EXPECT_EQ(named_rows(raw.data), (Rows{{"1", "1193", 5}, {"1", "661", 3.5}}));
  EXPECT_EQ(raw.data.rows.time, (std::vector<double>{978300760, 978302109}));
  EXPECT_TRUE(has(parse_error("1::1193::5::978300760\n1::661\n"),
                  "f:2: expected 4 columns or more, found 2"));
  EXPECT_EQ(rows_of("a:b::c::1\n"), (Rows{{"a:b", "c", 1}}));
}

// The fast path once took every row of such a file for one of the right width, and read beyond it.
TEST(DelimitedFormat, KnowsARoleBeyondAShortFirstRow) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", "1,2\n1,2,3\n4,5\n6,7,5\n");
  const std::string message = LATENT_MESSAGE_OF(Error, parse_files({path}, {}, false));
  EXPECT_NE(message.find(":1: expected 3 columns or more, found 2"), std::string::npos) << message;
  DataOptions options;
  options.on_bad_row = "skip";
  const RawData raw = parse_files({path}, options, false);
  EXPECT_EQ(raw.bad_rows, 2);
  EXPECT_EQ(raw.data.rows.size(), 2);
}

}  // namespace
}  // namespace latent
