#include "src/base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "src/base/error.h"

namespace latent {

FolderLock::FolderLock(const std::string& folder)
    : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) throw errno_error(folder, "cannot open");
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
  const bool held = errno == EWOULDBLOCK;
  const Error failed = held ? Error(folder + ": another process is at work in it; wait for its end")
                            : errno_error(folder, "cannot lock");
  ::close(fd_);
  throw failed;
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace latent
