// Lines of a plain or gz file, told apart by content; a second thread inflates ahead of the parse.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "src/data/text_blocks.h"
#include "src/data/text_repair.h"

namespace latent {

/// How a file is read; no choice changes a line or an error.
struct ReadAhead {
  size_t block_bytes = 1 << 20;
  bool thread = true;  ///< off: each block is inflated when its turn comes
};

/// What a file may cost before it is refused.
struct ReadLimits {
  size_t line_bytes = 64 << 20;  ///< data.max_line_mb; a line of a user's items may well be long
  int64_t gz_ratio = 200;        ///< data.max_gz_ratio
};

/// Yields lines of UTF-8 without their LF, CRLF or CR, without a BOM; the last line end may be
/// missing.
class LineReader {
 public:
  /// `path` - is standard input. Throws Error when the file is missing, unreadable, a folder or
  /// empty.
  explicit LineReader(std::string path, const ReadAhead& ahead = {},
                      Encoding encoding = Encoding::kUtf8, const ReadLimits& limits = {});
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line, valid until the next call. Throws Error for a damaged or truncated gz stream.
  bool next(std::string_view& line);

  /// Goes past blank lines and comments (# or %) at the head of the file, only before the first
  /// next(), and returns the comments: those of the last block where there are very many.
  std::vector<std::string> skip_head();
  /// Up to `most` lines from here on, likewise.
  std::vector<std::string> peek(size_t most);
  /// What lies in memory from here on: the first bytes of the file before the first next().
  std::string_view ahead() const { return block_.text().substr(at_); }

  /// The whole lines that lie in memory, from the next one on, each with its line end; valid until
  /// next(). TextBlock::kSlack bytes after them may be read. Empty: only next() goes on.
  std::string_view ready_lines() const;
  /// Takes `lines` of the ready lines as read, `bytes` in all.
  void skip(size_t bytes, int64_t lines) {
    at_ += bytes;
    line_number_ += lines;
  }

  const std::string& path() const { return path_; }
  int64_t line_number() const { return line_number_; }  ///< of the last line returned, from 1
  int64_t bytes_read() const;                           ///< of the file on disk
  /// Those behind the lines returned so far, about.
  int64_t bytes_parsed() const;
  int64_t file_size() const { return file_size_; }  ///< 0: unknown
  uint32_t checksum() const;  ///< CRC-32 of the file on disk, once next() has returned false

 private:
  class Source;
  bool refill();
  /// Makes the line at at_ lie whole in the block; false at the end of the file.
  bool hold_line();
  /// Error where a line has come to so many bytes that it is none: a device without end, say.
  void refuse_endless(size_t bytes) const;

  std::string path_;
  size_t block_bytes_, most_line_;
  int64_t file_size_ = 0, line_number_ = 0;
  std::unique_ptr<Source> source_;
  TextBlock block_;
  std::string carried_;
  int64_t file_bytes_before_ = 0;  // the block
  size_t at_ = 0;
  size_t lines_end_ = 0;  // after the block's last newline
  bool ended_ = false;
};

}  // namespace latent
