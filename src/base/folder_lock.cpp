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
  // Some file systems know no locks: there the user must take care.
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
  ::close(fd_);
  throw Error(folder + ": another process is at work in it; wait for its end");
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace latent
