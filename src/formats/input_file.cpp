#include "src/formats/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "src/base/error.h"

namespace latent {

InputFile::InputFile(const std::filesystem::path& path)
    // O_NONBLOCK: a pipe without a writer would be waited for.
    : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (fd_ < 0) throw errno_error(path.string(), "cannot open");
  struct stat about {};
  const bool known = ::fstat(fd_, &about) == 0;
  if (known && S_ISREG(about.st_mode)) {
    size_ = static_cast<uint64_t>(about.st_size);
    return;
  }
  ::close(fd_);
  throw Error(path.string() + (known && S_ISDIR(about.st_mode) ? ": is a folder; give a file"
                                                               : ": is not a regular file"));
}

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

void InputFile::read(uint64_t from, void* to, uint64_t bytes) const {
  for (char* at = static_cast<char*>(to); bytes > 0;) {
    const ssize_t got = ::pread(fd_, at, std::min<uint64_t>(bytes, 1u << 20),
                                static_cast<off_t>(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw errno_error(path_.string(), "cannot read");
    if (got == 0) throw Error(path_.string() + ": has been cut while it was read; copy it again");
    at += got;
    from += static_cast<uint64_t>(got);
    bytes -= static_cast<uint64_t>(got);
  }
}

std::string InputFile::text_at(uint64_t from, uint64_t bytes) const {
  from = std::min(from, size_);
  std::string out(std::min(bytes, size_ - from), '\0');
  read(from, out.data(), out.size());
  return out;
}

void InputFile::damaged(const std::string& what) const {
  throw Error(path_.string() + ": " + what + ": the file is cut short or damaged; copy it again");
}

}  // namespace latent
