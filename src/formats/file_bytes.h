// All bytes of a file in memory: mapped where they lie, or copied.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "src/formats/input_file.h"

namespace latent {

enum class Hold {
  kMapped,  ///< nothing is read before it is used; the file must stay as it is meanwhile
  kCopied,  ///< whoever cuts or replaces the file afterwards harms nobody
};

class FileBytes {
 public:
  /// Throws Error for what cannot be read.
  FileBytes(const InputFile& file, Hold hold);
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::span<const char> all() const { return {data_, size_}; }

 private:
  const char* data_ = nullptr;
  uint64_t size_ = 0;
  std::unique_ptr<char[]> copy_;  ///< null: mapped
};

}  // namespace latent
