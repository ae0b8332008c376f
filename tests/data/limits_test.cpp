// What a file of data may cost: lines, records, rows and unpacked bytes have bounds, each with one
// line that names it.
#include "src/base/error.h"
#include "src/data/id_order.h"
#include "src/data/splitter.h"
#include "src/data/titles.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int n = 0; n < times; ++n) out += text;
  return out;
}

int64_t count_lines(const std::string& path, const ReadLimits& limits) {
  LineReader reader(path, {}, Encoding::kUtf8, limits);
  for (std::string_view line; reader.next(line);) {
  }
  return reader.line_number();
}

TEST(ReadLimits, HoldForTheLengthOfALine) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", "u,i,1\n" + std::string(5 << 20, 'x') + "\nb\n");
  EXPECT_EQ(count_lines(path, {.line_bytes = 6 << 20}), 3);
  const auto message = [&](const std::string& file) {
    return LATENT_MESSAGE_OF(Error, count_lines(file, {.line_bytes = 2 << 20}));
  };
  EXPECT_EQ(message(path), path + ":2: a line of more than 2 MB (data.max_line_mb); is it a text "
                                  "file of rows?");
  DataOptions options;
  options.max_line_mb = 1;
  EXPECT_NE(LATENT_MESSAGE_OF(Error, parse_files({path}, options, false)).find("data.max_line_mb"),
            std::string::npos);
}

// Members of a gz file stand one after another: a bomb takes no time to make.
TEST(ReadLimits, HoldForWhatAGzFileUnpacksTo) {
  const TemporaryFolder folder;
  const std::string member = gz_of(std::string((1 << 20) - 1, 'x') + "\n");
  const std::string path = folder.write("bomb.gz", repeated(member, 300));
  EXPECT_EQ(LATENT_MESSAGE_OF(Error, count_lines(path, {})),
            path + ": unpacks to more than 200 times its size, as files that are made to fill a "
                   "memory do; raise data.max_gz_ratio, or give it unpacked, if it is meant");
  EXPECT_EQ(count_lines(path, {.gz_ratio = 5000}), 300);
  const std::string small = folder.write("small.gz", repeated(member, 200));
  EXPECT_EQ(count_lines(small, {}), 200) << "harmless, however well it is packed";
}

TEST(ReadLimits, HoldForTheNumberOfRows) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f.csv", "user,item,rating\na,x,1\nb,x,2\nc,x,3\n");
  DataOptions options;
  options.max_rows = 3;
  EXPECT_EQ(parse_files({path}, options, false).data.rows.size(), 3);
  options.max_rows = 2;
  const std::string message = LATENT_MESSAGE_OF(Error, parse_files({path}, options, false));
  EXPECT_NE(message.find("f.csv:"), std::string::npos) << message;
  EXPECT_NE(message.find("more than data.max_rows = 2 rows"), std::string::npos) << message;
  EXPECT_THROW(parse_files({path, path}, options, false), Error) << "of all files together";
}

TEST(ReadLimits, HoldForIdsOfWhateverFormat) {
  const TemporaryFolder folder;
  const std::string id(70'000, 'x');
  for (const std::string& text :
       {"user,item,rating\n" + id + ",x,1\n",
        "{\"user\": \"" + id + "\", \"item\": 1, \"rating\": 1}\n",
        "{'user': '" + id + "', 'item': 1, 'rating': 1}\n", "1:\n" + id + ",3,2005-09-06\n"}) {
    const std::string path = folder.write("f", text);
    const std::string message = LATENT_MESSAGE_OF(Error, parse_files({path}, {}, false));
    EXPECT_NE(message.find("has 70000 bytes; ids of up to 65536 are read"), std::string::npos)
        << message;
  }
}

// Whoever splits a growing record anew for each of its lines takes time squared: these would last
// for hours.
TEST(ReadLimits, HoldForAQuotedFieldThatNeverEnds) {
  const TemporaryFolder folder;
  for (const std::string line : {"\"\"\n", "x\n", "\",\"\n"}) {
    const std::string rest = repeated(line, 300'000);
    const std::string rows = folder.write("rows", "user,item,rating\na,\"b\n" + rest);
    const auto says = [](const std::string& message) {
      EXPECT_NE(message.find("never ends"), std::string::npos) << message;
    };
    says(LATENT_MESSAGE_OF(Error, parse_files({rows}, {}, false)));
    const std::string ids = folder.write("ids", "role,id\nuser,\"b\n" + rest);
    Dataset data;
    says(LATENT_MESSAGE_OF(Error, take_id_order(data, ids)));
    TitleOptions options;
    options.path = folder.write("titles", "item_id,title\n1,\"b\n" + rest);
    says(LATENT_MESSAGE_OF(Error, load_titles(options, IdMap())));
  }
}

TEST(LongRecord, IsTheSameAsTheWholeTextAtOnce) {
  for (const std::string text :
       {"\"a\nb\",c", "\"a\"\"\n\"\"\nb\",c", "x,\"\n\n\",\"y\nz\"", "\"a\n\" , x\"y,\"\n\"",
        "\"\n\"\"\"\"\n\",\"\"\"\n\"\"\""}) {
    Splitter splitter(",");
    std::vector<std::string_view> whole, grown;
    ASSERT_TRUE(splitter.split(text, whole)) << text;
    const std::vector<std::string> expected(whole.begin(), whole.end());
    Splitter::LongRecord record;
    size_t at = text.find('\n');
    record.text = text.substr(0, at);
    auto state = Splitter::Grown::kOpen;
    while (at != std::string::npos) {
      ASSERT_EQ(state, Splitter::Grown::kOpen) << text;
      const size_t end = text.find('\n', at + 1);
      state = splitter.grow(record, std::string_view(text).substr(at + 1, end - at - 1), grown);
      at = end;
    }
    ASSERT_EQ(state, Splitter::Grown::kWhole) << text;
    EXPECT_EQ(std::vector<std::string>(grown.begin(), grown.end()), expected) << text;
  }
}

}  // namespace
}  // namespace latent
