#include "src/serve/stored_array.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/base/parallel.h"
#include "src/formats/crc32.h"

namespace latent {

StoredArray::StoredArray(std::string path, std::string name, ArrayEntry entry,
                         std::span<const char> bytes)
    : path_(std::move(path)), name_(std::move(name)), entry_(std::move(entry)), bytes_(bytes) {
  checked_ = std::make_unique<std::atomic<bool>[]>(entry_.checksums.size());
}

void StoredArray::check(uint64_t from, uint64_t bytes) const {
  if (bytes == 0 || entry_.checksums.empty()) return;
  for (uint64_t b = from / kChecksumBlock; b <= (from + bytes - 1) / kChecksumBlock; ++b)
    check_block(b);
}

void StoredArray::check_all() const {
  parallel_chunks(static_cast<int64_t>(entry_.checksums.size()), /*threads=*/0,
                  [&](int64_t block) { check_block(static_cast<uint64_t>(block)); });
}

void StoredArray::check_block(uint64_t block) const {
  if (checked_[block].load(std::memory_order_acquire)) return;
  const auto part = bytes_.subspan(block * kChecksumBlock);
  if (crc32_of(part.data(), std::min<uint64_t>(part.size(), kChecksumBlock)) !=
      entry_.checksums[block])
    throw Error(path_ + ": the array " + name_ +
                " is damaged (checksum); copy the file again, or export it anew");
  checked_[block].store(true, std::memory_order_release);
}

}  // namespace latent
