// Lines of a plain or gz file, told apart by content; a second thread inflates ahead of the parse.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace latent {

/// Yields lines without their LF or CRLF, without a BOM; the last newline may be missing.
class LineReader {
 public:
  /// Throws Error when the file is missing, unreadable, a folder or empty.
  explicit LineReader(std::string path);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line, valid until the next call. Throws Error for a damaged or truncated gz stream.
  bool next(std::string_view& line);

  /// Up to `most` lines from the start of the file, only before the first next().
  std::vector<std::string> peek(size_t most);

  const std::string& path() const { return path_; }
  int64_t line_number() const { return line_number_; }  ///< of the last line returned, from 1
  int64_t bytes_read() const;                           ///< of the file on disk
  int64_t file_size() const { return file_size_; }
  uint32_t checksum() const;  ///< CRC-32 of the file on disk, once next() has returned false

 private:
  class Inflater;
  bool refill();

  std::string path_;
  int64_t file_size_ = 0, line_number_ = 0;
  std::unique_ptr<Inflater> inflater_;
  std::string block_, carried_;
  size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace latent
