// A file that is read at any place, by any number of threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace latent {

class InputFile {
 public:
  /// Throws Error for what is missing or not a regular file.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }
  int descriptor() const { return fd_; }
  /// Bytes [from, from + bytes) of the file, which must lie within it. Throws Error when it cannot
  /// be read or has been cut since it was opened.
  void read(uint64_t from, void* to, uint64_t bytes) const;
  /// The same bytes, or as many of them as the file has.
  std::string text_at(uint64_t from, uint64_t bytes) const;
  /// Throws an Error for a file that is not what it should be: "its table of contents is missing".
  [[noreturn]] void damaged(const std::string& what) const;

 private:
  std::filesystem::path path_;
  int fd_;
  uint64_t size_ = 0;
};

}  // namespace latent
