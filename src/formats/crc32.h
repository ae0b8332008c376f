// CRC-32, as zlib, zip and gzip define it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace latent {

/// CRC-32 of `bytes` bytes, continuing from `crc`.
uint32_t crc32_of(const void* data, size_t bytes, uint32_t crc = 0);

/// CRC-32 of two pieces one after the other, of which the second has `second_bytes` bytes.
uint32_t joined_crc32(uint32_t first, uint32_t second, uint64_t second_bytes);

}  // namespace latent
