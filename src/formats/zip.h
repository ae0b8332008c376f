// ZIP archives as NumPy's .npz files and PyTorch's models use them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/formats/inflate.h"
#include "src/formats/input_file.h"

namespace latent {

constexpr uint64_t kZip64From = 0xFFFFFFFF;  ///< does not fit the 32-bit fields
using ZipContent = std::function<void(const ByteSink&)>;

struct ZipEntry {
  std::string name;
  int flags, method;
  uint32_t crc;
  uint64_t packed, bytes, offset;  ///< as stored, as read; offset of the local header
};

/// Writes an archive of stored members, whole or not at all (see AtomicFile).
class ZipWriter {
 public:
  /// `zip64_from`: sizes and offsets that do not fit the 32-bit fields; lower only in tests.
  explicit ZipWriter(const std::filesystem::path& path, uint64_t zip64_from = kZip64From)
      : file_(path), zip64_from_(zip64_from) {}

  /// Adds `bytes` bytes that `produce` hands to its sink. It is called twice (the checksum stands
  /// before the content) and must hand out the same bytes both times.
  void add(const std::string& name, uint64_t bytes, const ZipContent& produce);
  /// Writes the table of contents and puts the file in its place.
  void commit();

 private:
  AtomicFile file_;
  uint64_t zip64_from_, offset_ = 0;
  std::vector<ZipEntry> written_;
};

/// Reads an archive. Throws Error for what is not a zip or not whole, for two members of one name,
/// and for members that could not all lie in the file.
class ZipReader {
 public:
  /// `kind` names the file in the error for what is not a zip: "an .npz (zip) file".
  ZipReader(InputFile file, const std::string& kind);
  const InputFile& file() const { return file_; }
  const std::vector<ZipEntry>& entries() const { return entries_; }
  /// Where the file holds the `entry.packed` bytes of a member. Throws Error unless its own header
  /// stands before them and all of them lie within the file.
  uint64_t place_of(const ZipEntry& entry) const;
  /// Hands the content of a member, stored or deflated, to `sink`, in pieces of any size that come
  /// to no more than `entry.bytes`. Throws Error, at the latest after the last piece, unless it is
  /// as long as the archive says and has the checksum (CRC-32).
  void read(const ZipEntry& entry, const ByteSink& sink) const;

 private:
  void parse(const std::string& directory, uint64_t count);

  InputFile file_;
  std::vector<ZipEntry> entries_;
};

}  // namespace latent
