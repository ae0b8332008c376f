// CRC-32, as zlib, zip and gzip define it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace latent {

/// CRC-32 of `bytes` bytes, continuing from `crc`.
uint32_t crc32_of(const void* data, size_t bytes, uint32_t crc = 0);

}  // namespace latent
