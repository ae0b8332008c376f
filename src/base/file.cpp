#include "src/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "src/base/error.h"
#include "src/base/left_over.h"

namespace latent {

namespace fs = std::filesystem;

namespace {

/// N where `link` is /proc/PID/fd/N of this process, or -1. A file behind such a link is written
/// through the descriptor: opened anew it would lose what stands in it, or the place to append at.
int own_descriptor(const fs::path& link) {
  if (link.parent_path() != "/proc/" + std::to_string(::getpid()) + "/fd") return -1;
  const std::string number = link.filename().string();
  int out = -1;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), out);
  return failed == std::errc() && end == number.data() + number.size() ? out : -1;
}

constexpr const char* kTemporary = ".tmp-";

/// Removes the temporary files of `file` whose owners were killed.
void remove_left_over(const fs::path& file) {
  const std::string name = file.filename().string();
  for_each_left_over(
      file.parent_path(),
      [&](const std::string& other) {
        return other.starts_with(name + kTemporary) && has_fresh_suffix(other, kTemporary);
      },
      [](const fs::path& left) {
        std::error_code ignored;
        fs::remove(left, ignored);
      });
}

}  // namespace

OutputPlace output_place(const fs::path& path) {
  if (path == "-") return {{}, true, STDOUT_FILENO};
  constexpr int kLinks = 40;  // as many as Linux follows
  fs::path at = path;
  for (int followed = 0;; ++followed) {
    std::error_code failed;
    const fs::path folder = fs::canonical(at.has_parent_path() ? at.parent_path() : ".", failed);
    if (failed) break;  // opening says what is wrong
    const int descriptor = own_descriptor(folder / at.filename());
    if (descriptor >= 0) return {{}, true, descriptor};
    if (!fs::is_symlink(at, failed)) break;
    if (followed == kLinks)
      throw Error(path.string() + ": cannot write: its symbolic links lead in a circle");
    const fs::path target = fs::read_symlink(at, failed);
    if (failed) break;
    at = target.is_absolute() ? target : folder / target;
  }
  std::error_code unknown;
  const fs::file_status status = fs::status(at, unknown);
  return {at, fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status), -1};
}

AtomicFile::AtomicFile(const fs::path& path) : path_(path) {
  const OutputPlace place = output_place(path);
  if (place.descriptor >= 0) {
    fd_ = ::fcntl(place.descriptor, F_DUPFD_CLOEXEC, 0);
  } else if (place.stream) {
    fd_ = ::open(place.file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } else {
    file_ = place.file;
    remove_left_over(file_);
    open_temporary();
  }
  if (fd_ < 0) throw errno_error(path.string(), "cannot write");
}

void AtomicFile::open_temporary() {
  for (int tries = 0; tries < 100; ++tries) {
    temporary_ = file_;
    temporary_ += fresh_suffix(kTemporary);
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ < 0 && errno == EEXIST) continue;
    if (fd_ < 0) break;
    // The lock tells others that the owner lives. Whoever locked it first removes it, and may have
    // let go of it already.
    struct stat now {};
    if ((::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) &&
        ::fstat(fd_, &now) == 0 && now.st_nlink > 0)
      return;
    ::close(std::exchange(fd_, -1));
  }
  temporary_.clear();
}

AtomicFile::~AtomicFile() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove(temporary_, ignored);
  for (const int descriptor : {fd_, lock_}) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void AtomicFile::write(const void* data, size_t bytes) {
  const char* p = static_cast<const char*>(data);
  while (bytes > 0) {
    // In pieces: for a byte, a call with 1 MB takes Linux a third longer (where it begins at such a
    // multiple even twice as long), one with 256 MB two to six times.
    const ssize_t n = ::write(fd_, p, std::min<size_t>(bytes, 1u << 18));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw errno_error(path_.string(), "cannot write");
    p += n;
    bytes -= static_cast<size_t>(n);
  }
}

void AtomicFile::commit(bool flush) {
  const bool stream = temporary_.empty();
  if (flush && !stream && ::fsync(fd_) != 0) throw errno_error(path_.string(), "cannot flush");
  // A second descriptor keeps the lock until the file bears its own name.
  if (!stream) lock_ = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  // Some file systems tell only here that what was written did not fit.
  if (::close(std::exchange(fd_, -1)) != 0) throw errno_error(path_.string(), "cannot write");
  if (!stream) put_in_place(flush);
}

void AtomicFile::put_in_place(bool flush) {
  std::error_code failed;
  fs::rename(temporary_, file_, failed);
  if (failed)
    throw SystemError(path_.string() + ": cannot rename into place: " + failed.message());
  temporary_.clear();
  if (!flush) return;
  // The rename itself survives a power cut only once the folder is on disk too.
  const fs::path parent = file_.has_parent_path() ? file_.parent_path() : fs::path(".");
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
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw errno_error(path.string(), "cannot open");
  constexpr size_t kMostOfStream = 1 << 28;  // what comes from a pipe or a device may never end
  const bool regular = fs::is_regular_file(path, unknown);
  std::string text;
  char piece[1 << 14];
  ssize_t got = 0;
  while ((got = ::read(file, piece, sizeof piece)) != 0) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || (!regular && text.size() > kMostOfStream)) break;
    text.append(piece, static_cast<size_t>(got));
  }
  const Error failed = got < 0 ? errno_error(path.string(), "cannot read")
                               : Error(path.string() + ": has no end; give a file");
  ::close(file);
  if (got != 0) throw failed;
  return text;
}

}  // namespace latent
