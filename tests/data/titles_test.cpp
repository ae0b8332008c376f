// Titles from side files, read as files of ratings are.
#include "src/data/titles.h"

#include "tests/data/data_support.h"

namespace latent {
namespace {

IdMap items_of(const std::vector<std::string>& names) {
  IdMap out;
  for (const std::string& name : names) out.add(name);
  return out;
}

std::vector<std::string> titles_of(const std::string& text, TitleOptions options = {}) {
  const TemporaryFolder folder;
  options.path = folder.write("titles", text);
  return load_titles(options, items_of({"1", "2"})).of_item;
}

const std::vector<std::string> kTitles = {"Toy Story (1995)", "Heat; or: Cold, they say"};

TEST(Titles, AreReadWithEverySeparator) {
  EXPECT_EQ(
      titles_of(
          "1::Toy Story (1995)::Animation|Comedy\n2::Heat; or: Cold, they say::Crime|Drama\n"),
      kTitles);
  EXPECT_EQ(titles_of("1|Toy Story (1995)|x\n2|Heat; or: Cold, they say|y\n"), kTitles);
  EXPECT_EQ(titles_of("1\tToy Story (1995)\n2\tHeat; or: Cold, they say\n"), kTitles);
  EXPECT_EQ(titles_of("\"ISBN\";\"Book-Title\"\n\"1\";\"Toy Story (1995)\"\n\"2\";\"Heat; or: "
                      "Cold, they say\"\n"),
            kTitles);
  EXPECT_EQ(
      titles_of("1,Toy Story (1995),Animation|Comedy\n2,\"Heat; or: Cold, they say\",Crime\n"),
      kTitles);
}

TEST(Titles, HaveTheUsualNamesOfRatingsItems) {
  for (const char* header :
       {"movieId,title", "Item-ID,Name", "business_id,name", "bookID,Original Title",
        "# movies\n\nasin,title", "item_id:token,movie_title:token_seq"})
    EXPECT_EQ(
        titles_of(std::string(header) + "\n1,Toy Story (1995)\n2, \"Heat; or: Cold, they say\"\n"),
        kTitles)
        << header;
  EXPECT_EQ(titles_of("{\"asin\": \"0\"}\n{\"asin\": \"1\", \"title\": \"Toy Story (1995)\"}\n"
                      "{\"title\": \"Heat; or: Cold, they say\", \"asin\": 2}\n"),
            kTitles);
  EXPECT_EQ(titles_of("{'asin': '1', 'title': u'Toy Story (1995)'}\n{'asin': '2', 'title': 'Heat; "
                      "or: Cold, they say'}\n"),
            kTitles);
}

TEST(Titles, AreDecodedAsTold) {
  TitleOptions options;
  options.encoding = "latin-1";
  EXPECT_EQ(titles_of("1|Caf\xE9\n2|x\n", options), (std::vector<std::string>{"Caf\xC3\xA9", "x"}));
}

TEST(Titles, OfAnotherKindOfFileAreRefusedByName) {
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, titles_of("PK\x03\x04....")), "zip archive"));
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, titles_of("\n<html>")), "HTML"));
}

}  // namespace
}  // namespace latent
