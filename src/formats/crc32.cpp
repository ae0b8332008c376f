#include "src/formats/crc32.h"

#include <isa-l/crc.h>
#include <zlib.h>

namespace latent {

uint32_t crc32_of(const void* data, size_t bytes, uint32_t crc) {
  if (bytes == 0) return crc;
  return ::crc32_gzip_refl(crc, static_cast<const unsigned char*>(data), bytes);
}

uint32_t joined_crc32(uint32_t first, uint32_t second, uint64_t second_bytes) {
  return static_cast<uint32_t>(
      ::crc32_combine(first, second, static_cast<z_off_t>(second_bytes)));
}

}  // namespace latent
