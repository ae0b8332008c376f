// Bytes as a file that a reader can open, without a disk.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace latent::fuzz {

/// One file in memory, written anew for each input.
class ScratchFile {
 public:
  ScratchFile() : fd_(::memfd_create("latent-fuzz", MFD_CLOEXEC)) {
    if (fd_ < 0) throw std::runtime_error("no memfd_create");
    path_ = "/proc/self/fd/" + std::to_string(fd_);
  }
  ~ScratchFile() { ::close(fd_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  const std::string& write(std::string_view bytes) const {
    const auto size = static_cast<ssize_t>(bytes.size());
    const bool done = ::ftruncate(fd_, 0) == 0 &&
                      ::pwrite(fd_, bytes.data(), bytes.size(), /*offset=*/0) == size;
    if (!done) throw std::runtime_error("cannot write the scratch file");
    return path_;
  }

 private:
  int fd_;
  std::string path_;
};

/// The raw bytes of values, so that equal texts are equal values.
template <typename T>
void append_values(std::string& out, const T& values) {
  out += std::to_string(values.size()) + ":";
  for (const auto& value : values) out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace latent::fuzz
