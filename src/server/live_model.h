// The model that is served just now, and how another one takes its place.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "src/serve/served_model.h"

namespace latent {

/// A file's place, size and time: another file has others.
struct FileStamp {
  uint64_t device = 0, inode = 0, bytes = 0;
  int64_t nanoseconds = 0;
  bool operator==(const FileStamp&) const = default;
};

class LiveModel {
 public:
  /// Loads a copy of the file and checks all of it. Throws Error as ServedModel does.
  explicit LiveModel(std::string path);

  /// It stays whole for as long as it is held, whatever is loaded meanwhile.
  std::shared_ptr<const ServedModel> get() const;

  /// Loads the file where it has changed since it was last looked at and is the same as at the look
  /// before, so that nobody is still writing it. A damaged one is said on stderr, once, and the old
  /// model goes on.
  void look();
  /// Loads the file at once, changed or not.
  void reload();

  int64_t loads() const { return loads_; }        ///< models served so far
  int64_t refusals() const { return refusals_; }  ///< files that were refused
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ServedModel> model_;
  FileStamp loaded_, seen_;
  std::atomic<int64_t> loads_ = 1, refusals_ = 0;
};

}  // namespace latent
