// Files of the same data are read alike; and what a file was read as.
#include "src/data/read_as.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

using Rows = std::vector<NamedRow>;

RawData read_parts(const std::string& first, const std::string& second,
                   const DataOptions& options = {}) {
  const TemporaryFolder folder;
  return parse_files({folder.write("train", first), folder.write("f", second)}, options, false);
}

std::string parts_error(const std::string& first, const std::string& second) {
  const std::string what = LATENT_MESSAGE_OF(Error, read_parts(first, second));
  return what.substr(std::min(what.size(), what.find("/f:") + 1));
}

TEST(Parts, OfOneDataSetAreReadAlike) {
  // Alone, the second would be asked about: is it pairs, or lists of a single item?
  EXPECT_EQ(named_rows(read_parts("0 5 6 7\n1 5\n", "0 8\n1 9\n").data), (Rows{{"0", "5", 1},
                                                                               {"0", "6", 1},
                                                                               {"0", "7", 1},
                                                                               {"1", "5", 1},
                                                                               {"0", "8", 1},
                                                                               {"1", "9", 1}}));
  // Without a header of its own it has the columns of the first.
  EXPECT_EQ(named_rows(read_parts("item,user,rating\n10,1,3\n", "11,2,4\n").data),
            (Rows{{"1", "10", 3}, {"2", "11", 4}}));
  EXPECT_EQ(named_rows(read_parts("item;user;rating\n10;1;3\n", "rating;user;item\n4;2;11\n").data),
            (Rows{{"1", "10", 3}, {"2", "11", 4}}));
  EXPECT_EQ(named_rows(read_parts("customer,sku,rating\n1,10,3\n", "customer,sku,rating\n2,11,4\n",
                                  [] {
                                    DataOptions options;
                                    options.user = "customer";
                                    options.item = "sku";
                                    return options;
                                  }())
                           .data),
            (Rows{{"1", "10", 3}, {"2", "11", 4}}));
  EXPECT_EQ(named_rows(read_parts("user item rating\n1 10 3\n", "2 11 4\n").data),
            (Rows{{"1", "10", 3}, {"2", "11", 4}}));
}

TEST(Parts, ThatCannotBeReadAlikeAreRefused) {
  EXPECT_TRUE(has(parts_error("item,user,rating,time\n10,1,3,5\n", "11,2,4\n"),
                  "f:1: has 3 columns and no header"));
  EXPECT_TRUE(has(parts_error("1,10,3\n", "user,item,rating\n"), "f: a header and nothing else"));
}

TEST(ReadAs, IsOneLineForPeople) {
  const auto line = [](const std::string& text, const DataOptions& options = {}) {
    return read_as_line(read_as_of(parse_text(text, options)));
  };
  EXPECT_EQ(line("movieId,userId,rating,timestamp\n31,1,2.5,9\n32,1,3,9\n"),
            "read as csv: user 1 (userId), item 0 (movieId), rating 2 (rating), time 3 "
            "(timestamp); first row 1, 31, 2.5; 2 rows, 1 users, 2 items");
  EXPECT_EQ(line("1|10\n2|10\n"),
            "read as csv with '|': user 0, item 1, rating none, time none; first row 1, 10, 1; 2 "
            "rows, 2 users, 1 items");
  EXPECT_EQ(line(R"({"user": "a", "item": "b", "rating": 2})"),
            "read as json: user user, item item, rating rating, time none; first row a, b, 2; 1 "
            "rows, 1 users, 1 items");
  DataOptions options;
  options.where = {"2=3|4|99"};
  options.missing = {99};
  EXPECT_TRUE(
      has(line("1,10,3\n2,11,5\n3,12,99\n", options),
          "; 1 rows, 1 users, 1 items; 1 left out by data.where; 1 dropped by data.missing"));
  std::string many;
  for (int n = 0; n < 12345; ++n) many += "1,2,3\n";
  EXPECT_TRUE(has(line(many), "12,345 rows"));
}

TEST(ReadAs, NotesWhatIsSeldomMeant) {
  const auto notes = [](const std::string& text) {
    RawData raw = parse_text(text);
    ReadAs out = read_as_of(raw);
    note_oddities(raw.data, out);
    return out;
  };
  EXPECT_TRUE(notes("1,10,3\n1,11,4\n2,10,2\n").notes.empty());
  EXPECT_TRUE(has(notes("1.0,10,3\n1.0,11,4\n2.0,10,2\n").notes.at(0),
                  "all user ids (0) look like whole floats, such as 1.0"));
  EXPECT_TRUE(has(notes("1,10,3\n1,11,4\n2,12,2\n").notes.at(0),
                  "item ids (1) are different in every row"));
  EXPECT_TRUE(notes("1,10,-3\n1,11,4\n").negative);
  EXPECT_FALSE(notes("1,10,0\n1,11,4\n").negative);
}

TEST(LeftOut, HoldsThePairsThatAFilterDropsWhoseEndsStay) {
  DataOptions options;
  options.positive_at_least = 3;
  options.drop_zero = true;
  options.where = {"3=x"};
  RawData raw =
      parse_text("a,p,5,x\na,q,0,x\nb,q,4,x\nb,p,2,x\nb,r,9,y\nonly,p,1,x\na,q,3,y\n", options);
  filter_rows(raw, options);
  EXPECT_EQ(named_rows(raw.data), (Rows{{"a", "p", 5}, {"b", "q", 4}}));
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int64_t n = 0; n < raw.data.left_out.size(); ++n)
    pairs.emplace_back(raw.data.users.name(raw.data.left_out.user[n]),
                       raw.data.items.name(raw.data.left_out.item[n]));
  std::sort(pairs.begin(), pairs.end());
  EXPECT_EQ(pairs,
            (std::vector<std::pair<std::string, std::string>>{{"a", "q"}, {"a", "q"}, {"b", "p"}}));
}

}  // namespace
}  // namespace latent
