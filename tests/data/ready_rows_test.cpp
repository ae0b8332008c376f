// Rows read by the piece against the same rows read one line at a time.
#include "src/base/rng.h"
#include "src/data/marks.h"
#include "src/data/row_format.h"
#include "src/data/string_end.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

/// What reading found: rows, and bad lines with what is said of them.
struct Found {
  std::vector<std::tuple<std::string, std::string, float, double>> rows;
  std::vector<std::pair<int64_t, std::string>> bad;
  bool operator==(const Found&) const = default;
};

Found read_all(const std::string& path, const std::string& format, bool ready,
               const ReadAhead& ahead) {
  LineReader reader(path, ahead);
  const auto rows = open_format(reader, with_format(format), /*need_time=*/true);
  Found out;
  const auto keep = [&](std::string_view user, std::string_view item, double rating, double time) {
    out.rows.emplace_back(user, item, static_cast<float>(rating), time);
  };
  const RowSink sink = [&](const Row& r) { keep(r.user, r.item, r.rating, r.time); };
  RowBatch batch;
  for (bool more = true; more;) {
    if (ready) rows->read_ready(reader, batch);
    for (size_t n = 0; n < batch.size(); ++n)
      keep(batch.user()[n], batch.item()[n], batch.rating()[n], batch.time()[n]);
    try {
      if (batch.size() == 0) more = rows->read(reader, sink);
    } catch (const RowError& e) {
      out.bad.emplace_back(reader.line_number(), e.what());
    }
  }
  return out;
}

/// Checks that ready rows change nothing, for several sizes of block; gives what was read.
Found expect_alike(const std::string& text, const std::string& format) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", text);
  const Found expected = read_all(path, format, false, {});
  for (const size_t block : {size_t{300}, size_t{5000}, size_t{1} << 20})
    EXPECT_TRUE(read_all(path, format, true, {block, block > 300}) == expected) << block;
  return expected;
}

std::string pick(RandomStream& random, const std::vector<std::string>& from) {
  return from[random.below(static_cast<uint32_t>(from.size()))];
}

TEST(ReadyRows, OfDelimitedTextAreThoseReadLineByLine) {
  RandomStream random = Rng(3).stream("csv");
  const std::vector<std::string> ids = {"1", "42", "12345678", "123456789012", "some longer id",
                                        std::string(40, 'x')};
  const std::vector<std::string> odd_ids = {"", "\"q,\"\"uoted\"", "\"open", "na\xC3\xAFve",
                                            "bad\xFF", std::string("n\0l", 3), "a\rb", "\x01",
                                        "\""};
  const std::vector<std::string> ratings = {"5", "0", "3.5", "-1", "+2", "1e1", ".5", "10"};
  const std::vector<std::string> odd_ratings = {"", "x", " 4 ", "nan", "1e99", "5\r", "3,", "--1"};
  const std::vector<std::string> times = {"0", "1449653038", "2015-12-09", "1.5"};
  const std::vector<std::pair<std::string, std::string>> formats = {
      {"csv", ","}, {"tsv", "\t"}, {"movielens", "::"}};
  for (const auto& [format, separator] : formats) {
    for (const uint32_t odd : {0u, 2u, 30u}) {  // percent
      std::string text = "1" + separator + "2" + separator + "3" + separator + "4\n";
      for (int n = 0; n < 3000; ++n) {
        const auto field = [&](const auto& usual, const auto& unusual) {
          return random.below(100) < odd ? pick(random, unusual) : pick(random, usual);
        };
        text += field(ids, odd_ids) + separator + field(ids, odd_ids) + separator +
                field(ratings, odd_ratings) + separator + field(times, odd_ratings);
        if (random.below(100) < odd) text += separator + "more";
        text += random.below(100) < odd ? pick(random, {"\r\n", "\n\n", "\r\r\n", ""}) : "\n";
      }
      const Found found = expect_alike(text, format);
      EXPECT_EQ(found.bad.empty(), odd == 0) << format;
      EXPECT_GT(found.rows.size(), 100u) << format;
    }
  }
}

TEST(ReadyRows, OfObjectsAreThoseReadLineByLine) {
  RandomStream random = Rng(4).stream("json");
  std::string text;
  for (int n = 0; n < 3000; ++n) {
    std::string line =
        R"({"user": ")" +
        pick(random, {"u", R"(u\u00e9)", R"(\u00e9)", R"(a\\)", "long user id", R"(\")"}) +
        R"(", "text": ")" +
        pick(random, {"", R"(x\\\"y)", std::string(200, '\\'), "}{"}) +
        R"(", "item": )" + pick(random, {"1", R"("i\n")", R"("item")", "null", "[1]"}) +
        R"(, "rating": )" + pick(random, {"1", "2.5", "x", R"("3")"}) + R"(, "time": )" +
        pick(random, {"1", R"("2015-12-09")"}) + "}";
    if (random.below(50) == 0) line.resize(random.below(static_cast<uint32_t>(line.size())));
    text += line + pick(random, {"\n", "\n", "\r\n", "\n \n"});
  }
  const std::string first = R"({"user": 1, "item": 2, "rating": 3, "time": 4})";
  const Found found = expect_alike(first + "\n" + text, "json");
  EXPECT_GT(found.rows.size(), 500u);
  EXPECT_GT(found.bad.size(), 500u);
}

TEST(FindMarks, FindsEverySeparatorAndUnusualByte) {
  RandomStream random = Rng(5).stream("marks");
  for (size_t bytes = 0; bytes < 400; ++bytes) {
    std::string text(bytes + 64, ',');
    for (size_t n = 0; n < bytes; ++n) {
      text[n] = random.below(3) == 0 ? pick(random, {",", "\"", "\n", "\t"})[0]
                                     : static_cast<char>(random.below(256));
    }
    std::vector<uint16_t> offsets(bytes + 8), expected;
    for (size_t n = 0; n < bytes; ++n) {
      const auto c = static_cast<unsigned char>(text[n]);
      if (c == ',' || c == '"' || c < ' ' || c >= 128) expected.push_back(static_cast<uint16_t>(n));
    }
    offsets.resize(find_marks(text.data(), bytes, ',', '"', offsets.data()));
    ASSERT_EQ(offsets, expected);
  }
}

TEST(StringEnd, IsThatFoundByteByByte) {
  RandomStream random = Rng(6).stream("strings");
  for (int n = 0; n < 20000; ++n) {
    std::string text(random.below(260), 'a');
    const uint32_t slashes = 1 + random.below(60), quotes = 1 + random.below(200);
    for (char& c : text) {
      if (random.below(slashes) == 0) c = '\\';
      if (random.below(quotes) == 0) c = '"';
    }
    size_t at = 0;
    bool escaped = false;
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\') escaped = true, ++at;
    }
    at = std::min(at, text.size());
    const StringEnd found = string_end(text.data(), text.data() + text.size(), '"');
    ASSERT_EQ(found.quote - text.data(), static_cast<ptrdiff_t>(at)) << text;
    ASSERT_TRUE(at == text.size() || found.escaped == escaped) << text;
  }
}

}  // namespace
}  // namespace latent
