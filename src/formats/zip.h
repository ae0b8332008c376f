// ZIP archives as far as NumPy's .npz files use them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/base/file.h"

namespace latent {

/// Sizes and offsets from here on do not fit a plain zip's 32-bit fields.
constexpr uint64_t kZip64From = 0xFFFFFFFF;

/// Writes an archive of stored entries, whole or not at all (see AtomicFile).
class ZipWriter {
 public:
  /// Takes the next bytes of an entry.
  using Sink = std::function<void(const void* data, size_t bytes)>;

  /// `zip64_from`: sizes and offsets that need the 64-bit fields; lower only in tests.
  explicit ZipWriter(const std::filesystem::path& path, uint64_t zip64_from = kZip64From);

  /// Adds `bytes` bytes that `produce` hands to its sink. It is called twice (the checksum stands
  /// before the content) and must hand out the same bytes both times. Throws Error on a repeated
  /// name.
  void add(const std::string& name, uint64_t bytes,
           const std::function<void(const Sink&)>& produce);
  /// Writes the table of contents and puts the file in its place.
  void commit();

 private:
  struct Written {
    std::string name;
    uint32_t crc;
    uint64_t bytes, offset;
  };
  void put(const void* data, size_t bytes);

  std::filesystem::path path_;
  AtomicFile file_;
  uint64_t zip64_from_, offset_ = 0;
  std::vector<Written> written_;
};

struct ZipEntry {
  std::string name;
  int flags, method;
  uint32_t crc;
  uint64_t packed, bytes, offset;  ///< as stored, as read; offset of the local header
};

/// The table of contents of an archive. Throws Error for what is not a zip, or not whole.
class ZipReader {
 public:
  explicit ZipReader(const std::filesystem::path& path);
  const std::vector<ZipEntry>& entries() const { return entries_; }
  const std::filesystem::path& path() const { return path_; }
  uint64_t file_bytes() const { return file_bytes_; }

 private:
  void read_directory(const std::string& directory, uint64_t count);
  [[noreturn]] void cut_short(const std::string& what) const;

  std::filesystem::path path_;
  uint64_t file_bytes_ = 0;
  std::vector<ZipEntry> entries_;
};

/// Reads one entry, stored or deflated, from front to back.
class ZipStream {
 public:
  ZipStream(const ZipReader& archive, const ZipEntry& entry);
  ~ZipStream();
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;

  /// Exactly the next `bytes` bytes; throws Error when there are fewer.
  void read(void* out, size_t bytes);
  /// Call after the last byte: throws Error when more follow or the checksum differs.
  void finish();

 private:
  [[noreturn]] void fail(const std::string& what) const;
  void read_packed(void* out, size_t bytes);
  size_t inflate_some(unsigned char* out, size_t bytes);

  std::string where_;
  std::ifstream file_;
  uint64_t packed_left_, left_;
  uint32_t crc_ = 0, expected_crc_;
  bool deflated_, stream_ended_ = false;
  z_stream z_{};
  std::vector<unsigned char> packed_;
};

}  // namespace latent
