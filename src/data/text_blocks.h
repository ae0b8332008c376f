// The text of a plain or gz file, told apart by content, in blocks of fixed size.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace latent {

/// Bytes without the zeros that a std::string would first fill its room with.
class TextBlock {
 public:
  static constexpr size_t kSlack = 64;  ///< bytes after the text that may be read, never used

  std::string_view text() const { return {data_.get(), size_}; }
  size_t size() const { return size_; }
  char* end() { return data_.get() + size_; }
  void clear() { size_ = 0; }
  void grow(size_t bytes) { size_ += bytes; }  ///< by what was written at end()
  /// Room for `bytes` in all; the text so far is kept.
  void reserve(size_t bytes);
  void append(std::string_view more);

  int64_t file_bytes = 0;  ///< of the file, up to the end of this block

 private:
  std::unique_ptr<char[]> data_;
  size_t size_ = 0, room_ = 0;
};

class GzStream;

class TextBlocks {
 public:
  /// `gz_ratio`: a gz file that unpacks to much text and more than so many times its size is an
  /// Error. Throws Error when the file is missing, unreadable or a folder.
  TextBlocks(std::string path, size_t block_bytes, int64_t gz_ratio = 200);
  ~TextBlocks();

  /// Fills `block` with the next `block_bytes` of text, fewer only at the end; false after the
  /// last. Throws Error when the file cannot be read, or for a damaged or truncated gz stream.
  bool next(TextBlock& block);

  int64_t bytes_read() const { return bytes_; }  ///< of the file
  uint32_t checksum() const { return crc_; }     ///< CRC-32 of those

 private:
  /// The next piece of the file; false at its end.
  bool read_input();
  bool fill(TextBlock& block);
  void refuse_bomb() const;

  struct Closer {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  std::string path_;
  size_t block_bytes_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::unique_ptr<GzStream> gz_;
  std::string input_;
  size_t used_ = 0, given_ = 0;  // of input_
  int64_t gz_ratio_;
  int64_t bytes_ = 0, text_bytes_ = 0;
  uint32_t crc_ = 0;
};

}  // namespace latent
