#include "src/formats/file_bytes.h"

#include <sys/mman.h>

#include "src/base/error.h"

namespace latent {

FileBytes::FileBytes(const InputFile& file, Hold hold) : size_(file.size()) {
  if (size_ == 0) return;
  if (hold == Hold::kCopied) {
    copy_ = std::make_unique_for_overwrite<char[]>(size_);
    file.read(0, copy_.get(), size_);
    data_ = copy_.get();
    return;
  }
  void* const place = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (place == MAP_FAILED) throw errno_error(file.path().string(), "cannot map");
  data_ = static_cast<const char*>(place);
}

FileBytes::~FileBytes() {
  if (data_ != nullptr && !copy_) ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace latent
