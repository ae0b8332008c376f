#include "src/base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include "src/base/error.h"

namespace latent {

namespace fs = std::filesystem;

AtomicFile::AtomicFile(const fs::path& path) : path_(path) {
  temporary_ = path;
  temporary_ += ".tmp" + std::to_string(::getpid());
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) throw errno_error(path.string(), "cannot write");
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) ::close(fd_);
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void AtomicFile::write(const void* data, size_t bytes) {
  const char* p = static_cast<const char*>(data);
  while (bytes > 0) {
    // In pieces: one call with 256 MB takes Linux two to six times as long.
    const ssize_t n = ::write(fd_, p, std::min<size_t>(bytes, 1u << 20));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(path_.string(), "cannot write");
    p += n;
    bytes -= static_cast<size_t>(n);
  }
}

void AtomicFile::commit(bool flush) {
  if (flush && ::fsync(fd_) != 0) throw errno_error(path_.string(), "cannot flush");
  // Some file systems tell only here that what was written did not fit.
  if (::close(std::exchange(fd_, -1)) != 0) throw errno_error(path_.string(), "cannot write");
  std::error_code failed;
  fs::rename(temporary_, path_, failed);
  if (failed) throw Error(path_.string() + ": cannot rename into place: " + failed.message());
  temporary_.clear();
  if (!flush) return;
  // The rename itself survives a power cut only once the folder is on disk too.
  const fs::path parent = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  const int folder = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
}

void write_file(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_file(const fs::path& path) {
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) throw Error(path.string() + ": is a folder; give a file");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw errno_error(path.string(), "cannot open");
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad() || (text.fail() && fs::file_size(path, unknown) > 0)) {
    throw errno_error(path.string(), "cannot read");
  }
  return text.str();
}

}  // namespace latent
