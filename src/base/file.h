// Files that are either whole or absent; and what is written to pipes, devices and standard output.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace latent {

/// Where writing to a path ends, once its symbolic links are followed.
struct OutputPlace {
  std::filesystem::path file;  ///< the regular file to make or to replace, if `stream` is false
  bool stream = false;         ///< a pipe, a device or a descriptor: nothing that can be renamed
  int descriptor = -1;         ///< of this process ("-", /dev/stdout, /dev/fd/N), or -1
};

/// "-" is standard output. Throws Error for links that lead in a circle.
OutputPlace output_place(const std::filesystem::path& path);

/// Writes beside the file that `path` leads to, then flushes and renames on commit(). Without
/// commit nothing remains; what a killed process left there is removed by the next that writes the
/// same file. A symbolic link stays: what it points to is replaced. Streams
/// (OutputPlace) are written as the bytes come.
class AtomicFile {
 public:
  /// Throws Error when the folder cannot be written. Opening a named pipe waits for its reader.
  explicit AtomicFile(const std::filesystem::path& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// fsync, rename over the file, fsync of the folder. Without `flush` only the rename: a power cut
  /// within the next seconds may then leave the file cut short. For large files that can be made
  /// again and whose reader notices.
  void commit(bool flush = true);

 private:
  void open_temporary();
  void put_in_place(bool flush);

  std::filesystem::path path_;              // as errors name it
  std::filesystem::path file_, temporary_;  // empty for a stream
  int fd_ = -1, lock_ = -1;
};

/// Throws Error, as AtomicFile does.
void write_file(const std::filesystem::path& path, std::string_view text);
/// Throws Error when `path` cannot be read whole.
std::string read_file(const std::filesystem::path& path);

}  // namespace latent
