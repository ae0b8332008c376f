// What a build without ISA-L has in its place, beside what this build has: compiled into a
// namespace of its own.
#include <zlib.h>

#include "tests/support.h"

#define latent without_isal
#include "src/base/error.cpp"      // NOLINT: see above
#include "src/data/gz_stream_zlib.cpp"    // NOLINT
#include "src/formats/crc32_plain.cpp"    // NOLINT
#include "src/formats/inflate_zlib.cpp"   // NOLINT

namespace latent {

void TextBlock::reserve(size_t bytes) {  // of a block that is still empty
  data_ = std::make_unique<char[]>(bytes + kSlack);
  room_ = bytes;
}

}  // namespace latent
#undef latent

namespace without_isal {
namespace {

std::string some_bytes(size_t count) {
  std::string out(count, '\0');
  uint32_t state = 1;
  for (char& c : out) {
    state = state * 48271 % 0x7fffffff;
    c = "abcde\n\t0\xff"[state % 9];
  }
  return out;
}

std::string packed(const std::string& text, int window) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, text.size()) + 32, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string gz(const std::string& text) { return packed(text, 15 + 16); }

/// What a stream has, given in pieces of `piece` bytes; `whole`: whether it ended.
std::string unpacked(const std::string& bytes, size_t piece, bool* whole = nullptr) {
  GzStream stream("a.gz");
  std::string out;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const std::string part = bytes.substr(at, piece);
    stream.give(part.data(), part.size());
    while (!stream.needs_input()) {
      TextBlock block;
      block.reserve(100);
      stream.inflate_into(block, 100);
      out += block.text();
    }
  }
  if (whole != nullptr) *whole = stream.at_member_end();
  return out;
}

TEST(WithoutIsal, SumsAsZlibDoesForAnyLengthAndAlignment) {
  const std::string text = some_bytes(700);
  for (size_t from = 0; from < 9; ++from) {
    for (size_t bytes = 0; bytes < 300; ++bytes) {
      const auto* at = reinterpret_cast<const Bytef*>(text.data() + from);
      ASSERT_EQ(crc32_of(at, bytes), ::crc32(0, at, static_cast<uInt>(bytes)));
      ASSERT_EQ(crc32_of(at, bytes, 0xdeadbeef), ::crc32(0xdeadbeef, at, static_cast<uInt>(bytes)));
    }
  }
}

TEST(WithoutIsal, JoinsTheSumsOfTwoPieces) {
  const std::string text = some_bytes(700);
  for (size_t cut = 0; cut <= text.size(); cut += 7) {
    const uint32_t first = crc32_of(text.data(), cut);
    const uint32_t second = crc32_of(text.data() + cut, text.size() - cut);
    ASSERT_EQ(joined_crc32(first, second, text.size() - cut), crc32_of(text.data(), text.size()));
  }
  EXPECT_EQ(joined_crc32(17, 0xdeadbeef, uint64_t{5} << 32),
            ::crc32_combine(17, 0xdeadbeef, static_cast<z_off_t>(uint64_t{5} << 32)));
}

TEST(WithoutIsal, InflatesGzMembersAndPaddingInPiecesOfAnySize) {
  const std::string one = some_bytes(5000), other = some_bytes(123);
  const std::string bytes = gz(one) + gz("") + gz(other) + std::string(9, '\0');
  for (const size_t piece : {1, 2, 7, 100, 100000}) {
    bool whole = false;
    EXPECT_EQ(unpacked(bytes, piece, &whole), one + other) << piece;
    EXPECT_TRUE(whole);
    unpacked(bytes.substr(0, 200), piece, &whole);
    EXPECT_FALSE(whole);
  }
}

TEST(WithoutIsal, SaysWhatIsWrongWithADamagedStream) {
  const std::string bytes = gz(some_bytes(5000));
  std::string sum = bytes;
  sum[sum.size() - 6] ^= 1;
  const auto said = [](const std::string& damaged) {
    return LATENT_MESSAGE_OF(Error, unpacked(damaged, 1000));
  };
  EXPECT_EQ(said(sum), "a.gz: damaged gz stream (incorrect data check); fetch the file again");
  EXPECT_EQ(said(bytes + "no member"),
            "a.gz: damaged gz stream (incorrect header check); fetch the file again");
}

TEST(WithoutIsal, UnpacksWhatArchivesHold) {
  const std::string text = some_bytes(300000);
  const std::string bytes = packed(text, -15);
  for (const bool deflated : {false, true}) {
    Unpacker unpacker(deflated);
    const std::string& from = deflated ? bytes : text;
    std::string out;
    for (size_t at = 0; at < from.size(); at += 1000)
      ASSERT_TRUE(unpacker.unpack(from.data() + at, std::min<size_t>(1000, from.size() - at),
                                  [&](const void* data, size_t count) {
                                    out.append(static_cast<const char*>(data), count);
                                  }));
    EXPECT_TRUE(out == text);
    EXPECT_TRUE(unpacker.ended());
    if (!deflated) continue;
    EXPECT_TRUE(unpacker.unpack("more", 4, [](const void*, size_t) {}));
    EXPECT_FALSE(unpacker.ended());
  }
  Unpacker damaged(true);
  EXPECT_FALSE(damaged.unpack("\xff\xff\xff\xff", 4, [](const void*, size_t) {}));
}

}  // namespace
}  // namespace without_isal
