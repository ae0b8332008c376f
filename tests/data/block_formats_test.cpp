// MatrixMarket and Netflix files.
#include "tests/data/data_support.h"

namespace latent {
namespace {

using Rows = std::vector<NamedRow>;

const std::string kBanner = "%%MatrixMarket matrix coordinate real general\n";

TEST(MatrixMarket, ReadsCoordinates) {
  const std::string text = kBanner + "% a comment\n3 4 3\n1 1 3\n\n 3  4 2.5\n2 1 1e0\n";
  const Rows expected = {{"1", "1", 3}, {"3", "4", 2.5}, {"2", "1", 1}};
  EXPECT_EQ(rows_of(text), expected);
  EXPECT_EQ(rows_of(gz_of(text)), expected);
  EXPECT_EQ(rows_of("%%matrixmarket MATRIX coordinate pattern general\n2 2 1\n2 1\n",
                    with_format("matrixmarket")),
            (Rows{{"2", "1", 1}}));
  EXPECT_EQ(rows_of("%%MatrixMarket matrix coordinate integer symmetric\n2 2 2\n1 1 5\n2 1 3\n"),
            (Rows{{"1", "1", 5}, {"2", "1", 3}, {"1", "2", 3}}));
}

TEST(MatrixMarket, MayHoldItemsAsRows) {
  DataOptions options;
  options.user = "1";
  options.item = "0";
  EXPECT_EQ(rows_of(kBanner + "3 4 1\n3 4 2\n", options), (Rows{{"4", "3", 2}}));
  options.item = "2";
  EXPECT_TRUE(has(parse_error(kBanner + "3 4 1\n3 4 2\n", options), "data.user"));
}

TEST(MatrixMarket, RefusesWhatItDeclaresOtherwise) {
  for (const auto& [text, said] : std::vector<std::pair<std::string, std::string>>{
           {kBanner + "3 4 2\n1 1 3\n", "declares 2 entries, but has 1"},
           {kBanner + "3 4 1\n1 1 3\n2 2 3\n", "f:4: more than the 1 entries"},
           {kBanner + "3 4 1\n4 1 3\n", "f:3: index '4' is not from 1 to 3"},
           {kBanner + "3 4 1\n0 1 3\n", "f:3: index '0'"},
           {kBanner + "3 4 1\n1 1\n", "f:3: expected 3 columns, found 2"},
           {kBanner + "3 4\n1 1 3\n", "f:2: not the three sizes"},
           {"%%MatrixMarket matrix array real general\n1 1\n5\n", "dense"},
           {"%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 5 0\n", "no ratings"},
           {"%%MatrixMarket matrix coordinate real skew-symmetric\n1 1 0\n", "symmetry"}}) {
    EXPECT_TRUE(has(parse_error(text), said)) << parse_error(text);
  }
}

TEST(Netflix, ReadsBlocks) {
  const std::string text =
      "1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n2:\n1488844,4,2005-09-07\n";
  const RawData raw = parse_text(text, {}, /*need_time=*/true);
  EXPECT_EQ(named_rows(raw.data),
            (Rows{{"1488844", "1", 3}, {"822109", "1", 5}, {"1488844", "2", 4}}));
  EXPECT_EQ(raw.data.rows.time[0], 1125964800);
  EXPECT_FALSE(parse_text(text).data.rows.has_time());
  EXPECT_EQ(rows_of("1:\n30878\n2647871\n10:\n1952305\n"),
            (Rows{{"30878", "1", 1}, {"2647871", "1", 1}, {"1952305", "10", 1}}));
}

TEST(Netflix, RefusesRowsWithoutAMovieOrARating) {
  EXPECT_TRUE(
      has(parse_error("5,3,2005-09-06\n1:\n", with_format("netflix")), "f:1: a row before"));
  EXPECT_TRUE(has(parse_error("1:\n5,3,2005-09-06\n6\n"), "f:3: expected 2 to 3 columns, found 1"));
}

}  // namespace
}  // namespace latent
