// From files to rows: ids, parts, bad rows.
#include "src/data/read.h"

#include "src/base/file.h"
#include "src/formats/crc32.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

DataOptions skipping(int64_t most = 1000) {
  DataOptions options;
  options.on_bad_row = "skip";
  options.max_bad_rows = most;
  return options;
}

TEST(ParseFiles, NumbersIdsInOrderOfFirstAppearance) {
  const RawData raw = parse_text("user,item,rating\nb,y,1\na,x,2\nb,x,3\nc,z,4\n");
  EXPECT_EQ(raw.data.users.names(), (std::vector<std::string>{"b", "a", "c"}));
  EXPECT_EQ(raw.data.items.names(), (std::vector<std::string>{"y", "x", "z"}));
  EXPECT_EQ(raw.data.rows.user, (std::vector<int32_t>{0, 1, 0, 2}));
  EXPECT_EQ(raw.data.rows.item, (std::vector<int32_t>{0, 1, 1, 2}));
  EXPECT_EQ(raw.data.rows.rating, (std::vector<float>{1, 2, 3, 4}));
}

TEST(ParseFiles, NumbersIdsOverAllFilesAndMarksTheirEnds) {
  const TemporaryFolder folder;
  const RawData raw =
      parse_files({folder.write("a", "u1,i1,1\nu2,i2,2\n"), folder.write("b", "u3\ti1\t3\n"),
                   folder.write("c", gz_of("{\"user\": \"u1\", \"item\": \"i9\", \"rating\": 4}"))},
                  {}, false);
  EXPECT_EQ(raw.part_ends, (std::vector<int64_t>{2, 3, 4}));
  EXPECT_EQ(raw.data.users.names(), (std::vector<std::string>{"u1", "u2", "u3"}));
  EXPECT_EQ(raw.data.items.names(), (std::vector<std::string>{"i1", "i2", "i9"}));
}

TEST(ParseFiles, RefusesFilesOfWhichOnlySomeHaveATime) {
  const TemporaryFolder folder;
  const std::string with = folder.write("with", "user,item,rating,time\nu,i,1,5\n"),
                    without = folder.write("without", "user,item,rating\nu,i,1\n");
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, parse_files({with, without}, {}, true)),
            without + ": has no time column, unlike " + with + "; set data.time");
  EXPECT_EQ(parse_files({with, without}, {}, false).data.rows.size(), 2);
}

TEST(ParseFiles, ChecksumsTheFilesThemselves) {
  const TemporaryFolder folder;
  const std::string text = "u,i,1\n", other = "u,i,2\n";
  const auto one = [&](const std::string& bytes) {
    return parse_files({folder.write("f", bytes)}, {}, false).data.checksum;
  };
  EXPECT_EQ(one(text), crc32_of(text.data(), text.size()));
  EXPECT_NE(one(text), one(gz_of(text)));
  const std::string a = folder.write("a", text), b = folder.write("b", other);
  EXPECT_NE(parse_files({a, b}, {}, false).data.checksum,
            parse_files({b, a}, {}, false).data.checksum);
}

TEST(OnBadRow, FailStopsAtTheFirst) {
  EXPECT_EQ(parse_error("u,i,1\nu,i,x\nu,i,y\n"),
            "f:2: rating 'x' (2) is not a number (data.on_bad_row = skip passes over such rows)");
}

TEST(OnBadRow, SkipCountsAndSaysTheFirst) {
  const std::string text = "u,i,1\nu,i,x\nu2\nu3,i3,3\n\xff,i,1\n";
  testing::internal::CaptureStderr();
  const RawData raw = parse_text(text, skipping());
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(raw.bad_rows, 3);
  EXPECT_EQ(named_rows(raw.data), (std::vector<NamedRow>{{"u", "i", 1}, {"u3", "i3", 3}}));
  EXPECT_EQ(raw.data.users.size(), 2) << "a bad row's ids must not stay";
  EXPECT_TRUE(has(said, "skipped 3 bad rows; the first: ")) << said;
  EXPECT_TRUE(has(said, "/f:2: rating 'x'")) << said;
}

TEST(OnBadRow, SkipGoesOnInEveryFormat) {
  testing::internal::CaptureStderr();
  for (const auto& [good, bad] : std::vector<std::pair<std::string, std::string>>{
           {R"({"user": "u", "item": "i", "rating": 3})",
            R"({"user": "u", "item": "i", "rating": 3)"},
           {"{'user': 'u', 'item': 'i', 'rating': 3}", "{'user': 'u', 'item': f(), 'rating': 3}"},
           {"u,i,3", "u,i"},
           {"u,i,3", "\"u\"x,i,3"},
           {"u\ti\t3", "u\ti\tthree"},
           {"u::i::3", "u::i"},
           {"u i j k l", "\xff i j k"}}) {
    for (const std::string& text : {good + "\n" + bad + "\n" + good + "\n" + good + "\n",
                                    good + "\n" + good + "\n" + good + "\n" + bad}) {
      const RawData raw = parse_text(text, skipping());
      EXPECT_EQ(raw.bad_rows, 1) << text;
      EXPECT_EQ(raw.data.users.names(), (std::vector<std::string>{"u"})) << text;
      EXPECT_EQ(raw.data.rows.size(), raw.format.format == "adjacency" ? 12 : 3) << text;
    }
  }
  testing::internal::GetCapturedStderr();
}

TEST(OnBadRow, SkipHasALimit) {
  std::string text = "u,i,1\n";
  for (int n = 0; n < 5; ++n) text += "bad\n";
  testing::internal::CaptureStderr();
  EXPECT_EQ(parse_text(text, skipping(5)).bad_rows, 5);
  testing::internal::GetCapturedStderr();
  EXPECT_EQ(parse_error(text, skipping(4)),
            "f:6: expected 3 columns or more, found 1; more than data.max_bad_rows = 4 bad rows");
  EXPECT_TRUE(has(parse_error(text, skipping(0)), "f:2: "));
}

// A damaged download is not a bad row: the rest of it cannot be read at all.
TEST(OnBadRow, SkipDoesNotHideATruncatedGz) {
  std::string text = "u,i,1\n";
  for (int n = 0; n < 10000; ++n) text += "u" + std::to_string(n * 7919 % 10007) + ",i,1\n";
  const std::string bytes = gz_of(text);
  const std::string error = parse_error(bytes.substr(0, bytes.size() / 2), skipping());
  EXPECT_TRUE(has(error, "the gz stream ends early")) << error;
}

}  // namespace
}  // namespace latent
