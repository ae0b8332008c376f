// Blocks of any size, with and without the thread that inflates ahead: the same lines and errors.
#include <thread>

#include "src/base/file.h"
#include "src/base/rng.h"
#include "tests/data/data_support.h"

namespace latent {
namespace {

const ReadAhead kWays[] = {{1, false},   {1, true},        {7, true},      {64, false},
                           {1000, true}, {1 << 20, false}, {1 << 20, true}};

/// Lines up to the end or the error, which is the last; `ready`: taken from the ready lines.
std::vector<std::string> lines_and_error(const std::string& path, const ReadAhead& ahead,
                                         bool ready = false) {
  std::vector<std::string> out;
  try {
    LineReader reader(path, ahead);
    for (std::string_view line; reader.next(line);) {
      out.emplace_back(line);
      const std::string_view rest = ready ? reader.ready_lines() : "";
      for (size_t at = 0; at < rest.size() && at < 40;) {
        const size_t newline = rest.find('\n', at);
        out.emplace_back(rest.substr(at, newline - at));
        if (out.back().ends_with('\r')) out.back().pop_back();
        reader.skip(newline + 1 - at, 1);
        at = newline + 1;
      }
      EXPECT_EQ(reader.line_number(), static_cast<int64_t>(out.size()));
    }
  } catch (const Error& e) {
    out.emplace_back(e.what());
  }
  return out;
}

std::string random_text(uint32_t seed, size_t lines, uint32_t longest) {
  RandomStream random = Rng(seed).stream("text");
  std::string out;
  for (size_t n = 0; n < lines; ++n) {
    for (uint32_t k = random.below(longest); k > 0; --k)
      out += static_cast<char>('!' + random.below(90));
    out += '\n';
  }
  return out;
}

void expect_alike(const std::string& bytes, const std::string& last = "") {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", bytes);
  const auto expected = lines_and_error(path, {64, false});
  EXPECT_TRUE(last.empty() || expected.back() == path + ": " + last) << expected.back();
  for (const ReadAhead& way : kWays) {
    auto found = lines_and_error(path, way);
    // Of a damaged stream the block at hand is lost, whose size differs.
    if (last.rfind("damaged", 0) == 0) {
      EXPECT_EQ(found.back(), expected.back());
    } else {
      EXPECT_TRUE(found == expected) << way.block_bytes << way.thread;
      EXPECT_TRUE(lines_and_error(path, way, /*ready=*/true) == expected) << way.block_bytes;
    }
  }
}

TEST(ReadAheadTest, GivesTheSameLinesForAnyBlockAndThread) {
  const std::string text = random_text(1, 2000, 90);
  const std::string cut = text.substr(0, text.size() / 2) + "\n\n\r\nlast";
  for (const std::string& t : {text, cut, std::string("\xEF\xBB\xBFx\ny"), std::string("\n")}) {
    expect_alike(t);
    expect_alike(gz_of(t));
    expect_alike(gz_of(t.substr(0, t.size() / 3)) + gz_of("") + gz_of(t.substr(t.size() / 3)) +
                 std::string(9, '\0'));
  }
}

TEST(ReadAheadTest, GivesTheSameErrorForAnyBlockAndThread) {
  const std::string whole = gz_of(random_text(2, 500, 90));
  expect_alike("", "the file is empty");
  expect_alike(gz_of(""), "the file is empty");
  expect_alike(whole.substr(0, whole.size() / 2),
               "the gz stream ends early (truncated download?); fetch the file again");
  expect_alike(whole + "garbage",
               "damaged gz stream (incorrect header check); fetch the file again");
  std::string damaged = whole;
  damaged[damaged.size() - 7] ^= 1;
  expect_alike(damaged, "damaged gz stream (incorrect data check); fetch the file again");
  damaged = whole;
  damaged[damaged.size() - 3] ^= 1;
  expect_alike(damaged, "damaged gz stream (incorrect length check); fetch the file again");
}

TEST(ReadAheadTest, MayStopAtAnyPointWithoutHanging) {
  const TemporaryFolder folder;
  const std::string text = random_text(3, 20000, 90);
  const std::string good = folder.write("good", gz_of(text)),
                    bad = folder.write("bad", gz_of(text).substr(0, 300000));
  for (const std::string& path : {good, bad}) {
    for (const size_t block : {size_t{16}, size_t{4096}, size_t{1} << 20}) {
      for (int lines = 0; lines < 40; ++lines) {
        LineReader reader(path, {block, true});
        std::string_view line;
        for (int n = 0; n < lines; ++n) ASSERT_TRUE(reader.next(line));
        if (lines % 7 == 0) std::this_thread::yield();
      }
    }
  }
}

/// Incompressible bytes and a line end whose gz file has exactly `bytes` bytes.
std::string gz_of_size(size_t bytes) {
  RandomStream random = Rng(4).stream("bytes");
  std::string text(bytes, '\n');
  for (char& c : text) c = static_cast<char>(random.below(256));
  std::string out = gz_of(text);
  while (out.size() != bytes) {
    text.resize(text.size() + bytes - out.size(), 'x');
    out = gz_of(text);
  }
  return out;
}

TEST(GzTrailer, IsCheckedWhereverThePiecesOfTheFileAreCut) {
  constexpr size_t kInput = 1 << 18;  // the reader's own
  const TemporaryFolder folder;
  for (size_t beyond = 0; beyond < 10; ++beyond) {
    std::string bytes = gz_of_size(kInput + beyond) + gz_of("next\n");
    const std::string path = folder.write("f", bytes);
    EXPECT_TRUE(lines_of(path).back().ends_with("next"));
    for (size_t from_end = 1; from_end <= 8; ++from_end) {
      std::string damaged = bytes;
      damaged[kInput + beyond - from_end] ^= 4;
      folder.write("f", damaged);
      EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, lines_of(path)),
                      from_end <= 4 ? "incorrect length check" : "incorrect data check"))
          << beyond << " " << from_end;
    }
  }
}

TEST(GzHeader, MayHoldNamesAndItsOwnChecksum) {
  z_stream z{};
  gz_header header{};
  std::string name = "ratings.csv", out(1000, '\0'), text = "a\nb\n";
  header.name = reinterpret_cast<Bytef*>(name.data());
  header.comment = header.name;
  header.hcrc = 1;
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  deflateSetHeader(&z, &header);
  z.next_in = reinterpret_cast<Bytef*>(text.data());
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  const TemporaryFolder folder;
  EXPECT_EQ(lines_of(folder.write("f", out + out)),
            (std::vector<std::string>{"a", "b", "a", "b"}));
  const std::string good = out;
  out[12] ^= 1;  // in the name
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, lines_of(folder.write("f", out))),
                  "damaged gz stream (header crc mismatch)"));
  out = good;
  out[3] = static_cast<char>(out[3] | 0x20);
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, lines_of(folder.write("f", out))), "damaged gz stream"));
  out = gz_of("a\n");
  out[3] = 0x40;
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, lines_of(folder.write("f", out))),
                  "damaged gz stream (unknown header flags set)"));
  out[2] = 7;
  EXPECT_TRUE(has(LATENT_MESSAGE_OF(Error, lines_of(folder.write("f", out))),
                  "damaged gz stream (unknown compression method)"));
}

TEST(GzHeader, MayBeCutAnywhereByThePiecesOfTheFile) {
  constexpr size_t kInput = 1 << 18;  // the reader's own
  const TemporaryFolder folder;
  const std::string next = gz_of("next\n");
  for (size_t beyond = 0; beyond <= next.size(); ++beyond) {
    const auto lines = lines_of(folder.write("f", gz_of_size(kInput - beyond) + next));
    EXPECT_TRUE(lines.back().ends_with("next")) << beyond;
  }

}

}  // namespace
}  // namespace latent
