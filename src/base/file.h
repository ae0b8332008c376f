// Files that are either whole or absent.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace latent {

/// Writes beside `path`, then flushes and renames on commit(). Without commit nothing remains.
class AtomicFile {
 public:
  /// Throws Error when the folder cannot be written.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// fsync, rename over `path`, fsync of the folder. Without `flush` only the rename: a power cut
  /// within the next seconds may then leave the file cut short. For large files that can be made
  /// again and whose reader notices.
  void commit(bool flush = true);
  /// The temporary name, for writers that want a path; they must have closed it before commit().
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  std::filesystem::path path_, temporary_;
  int fd_ = -1;
};

void write_file(const std::filesystem::path& path, std::string_view text);
/// Throws Error when `path` cannot be read whole.
std::string read_file(const std::filesystem::path& path);

}  // namespace latent
