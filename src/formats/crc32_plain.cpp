// CRC-32 without ISA-L and zlib: eight bytes a step, by tables (Kounavis & Berry, 2005).
#include <array>
#include <cstring>

#include "src/formats/crc32.h"

namespace latent {

namespace {

constexpr uint32_t kCrcPolynomial = 0xedb88320;  // with its bits in the order of zlib's
constexpr int kCrcStep = 8;

using CrcTables = std::array<std::array<uint32_t, 256>, kCrcStep>;

/// tables[n][b]: what byte b becomes with n zero bytes behind it.
constexpr CrcTables make_crc_tables() {
  CrcTables out{};
  for (uint32_t b = 0; b < 256; ++b) {
    uint32_t c = b;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1) != 0 ? kCrcPolynomial : 0);
    out[0][b] = c;
  }
  for (int n = 1; n < kCrcStep; ++n) {
    for (uint32_t b = 0; b < 256; ++b) {
      const uint32_t before = out[n - 1][b];
      out[n][b] = (before >> 8) ^ out[0][before & 0xff];
    }
  }
  return out;
}

constexpr CrcTables kCrcTables = make_crc_tables();

/// a b modulo the polynomial; bit 31 is x^0.
uint32_t crc_product(uint32_t a, uint32_t b) {
  uint32_t out = 0;
  for (uint32_t bit = 1u << 31; bit != 0; bit >>= 1) {
    if ((a & bit) != 0) out ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kCrcPolynomial : 0);
  }
  return out;
}

}  // namespace

uint32_t crc32_of(const void* data, size_t bytes, uint32_t crc) {
  const auto* at = static_cast<const unsigned char*>(data);
  uint32_t c = ~crc;
  for (; bytes >= kCrcStep; bytes -= kCrcStep, at += kCrcStep) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    word ^= c;
    c = 0;
    for (int n = 0; n < kCrcStep; ++n) c ^= kCrcTables[kCrcStep - 1 - n][(word >> (8 * n)) & 0xff];
  }
  for (; bytes > 0; --bytes, ++at) c = (c >> 8) ^ kCrcTables[0][(c ^ *at) & 0xff];
  return ~c;
}

uint32_t joined_crc32(uint32_t first, uint32_t second, uint64_t second_bytes) {
  // first times x^(8 second_bytes), by squaring.
  uint32_t power = 1u << 23, shift = 1u << 31;  // x^8, x^0
  for (; second_bytes != 0; second_bytes >>= 1) {
    if ((second_bytes & 1) != 0) shift = crc_product(shift, power);
    power = crc_product(power, power);
  }
  return crc_product(shift, first) ^ second;
}

}  // namespace latent
