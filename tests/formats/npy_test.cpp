#include "src/formats/npy.h"

#include "tests/support.h"

namespace latent {
namespace {

TEST(NpyHeader, IsAlignedSoThatValuesBeginAtMultiplesOf64) {
  for (int64_t extent = 1; extent < 1'000'000'000'000; extent *= 10) {
    const NpyHeader header{"<f4", false, {extent, 3}};
    const std::string bytes = header.bytes();
    EXPECT_EQ(bytes.size() % 64, 0u);
    EXPECT_EQ(bytes.back(), '\n');
    const NpyHeader back = NpyHeader::parse(std::string_view(bytes).substr(10), "");
    EXPECT_EQ(back.shape, header.shape);
    EXPECT_EQ(back.dtype, "<f4");
  }
}

TEST(CodePoints, GoThereAndBackForEveryKindOfBytes) {
  EXPECT_EQ(code_points("a\xC5\xBE\xE6\xBC\xA2\xF0\x9F\x98\x80"),
            (std::vector<uint32_t>{'a', 0x17E, 0x6F22, 0x1F600}));
  // Alone, overlong, a surrogate, beyond Unicode, cut off: byte by byte, as Python escapes them.
  for (const std::string bad : {"\xFF", "\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                "\xE6\xBC", "\xF0\x9F\x98"}) {
    std::vector<uint32_t> escaped;
    for (const char c : bad) escaped.push_back(0xDC00 + static_cast<unsigned char>(c));
    EXPECT_EQ(code_points(bad), escaped);
    EXPECT_EQ(from_code_points(escaped), bad);
  }
  EXPECT_EQ(from_code_points(std::vector<uint32_t>{'a', 0, 'b', 0, 0}), std::string("a\0b", 3));
}

}  // namespace
}  // namespace latent
