// A folder that one process at a time works in.
#pragma once

#include <string>

namespace latent {

/// Holds the folder until its end; the kernel lets go of it when the process dies, however.
class FolderLock {
 public:
  /// Throws Error when another process holds it. Where the file system knows no locks, nobody is
  /// kept out.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

}  // namespace latent
