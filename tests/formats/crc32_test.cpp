#include "src/formats/crc32.h"

#include <zlib.h>

#include "src/base/rng.h"
#include "tests/support.h"

namespace latent {
namespace {

TEST(Crc32, GivesTheStandardCheckValue) { EXPECT_EQ(crc32_of("123456789", 9), 0xcbf43926u); }

TEST(Crc32, OfPiecesIsThatOfTheWhole) {
  const std::string text = "any text, in two pieces";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const uint32_t first = crc32_of(text.data(), cut);
    EXPECT_EQ(crc32_of(text.data() + cut, text.size() - cut, first),
              crc32_of(text.data(), text.size()));
  }
}

// zlib's own is the twin: every length around the wide steps, from every alignment.
TEST(Crc32, IsZlibsForAnyLengthAndAlignment) {
  RandomStream random = Rng(1).stream("bytes");
  std::string text(1500, '\0');
  for (char& c : text) c = static_cast<char>(random.below(256));
  for (size_t from = 0; from < 17; ++from) {
    for (size_t bytes = 1; bytes < 600; ++bytes) {
      const auto* at = reinterpret_cast<const Bytef*>(text.data() + from);
      ASSERT_EQ(crc32_of(at, bytes, 0), ::crc32(0, at, static_cast<uInt>(bytes)));
      ASSERT_EQ(crc32_of(at, bytes, 0xdeadbeef), ::crc32(0xdeadbeef, at, static_cast<uInt>(bytes)));
    }
  }
  EXPECT_EQ(crc32_of(text.data(), text.size()),
            ::crc32(0, reinterpret_cast<const Bytef*>(text.data()), 1500));
}

// An empty vector's data() is null.
TEST(Crc32, OfAnEmptyPieceKeepsTheRunningValue) {
  EXPECT_EQ(crc32_of(nullptr, 0, 0xcbf43926u), 0xcbf43926u);
  EXPECT_EQ(crc32_of("", 0, 17), 17u);
  EXPECT_EQ(crc32_of(nullptr, 0), 0u);
}

TEST(Crc32, OfTwoPiecesSummedApartIsJoined) {
  const std::string text = "any text, in two pieces";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const uint32_t second = crc32_of(text.data() + cut, text.size() - cut);
    EXPECT_EQ(joined_crc32(crc32_of(text.data(), cut), second, text.size() - cut),
              crc32_of(text.data(), text.size()));
  }
}

}  // namespace
}  // namespace latent
