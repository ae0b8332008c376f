// Inflates a gz stream of one or more members.
#pragma once

#include <isa-l/igzip_lib.h>

#include <string>

#include "src/data/text_blocks.h"

namespace latent {

class GzStream {
 public:
  explicit GzStream(std::string path);
  GzStream(const GzStream&) = delete;
  GzStream& operator=(const GzStream&) = delete;

  /// The next bytes of the file; they stay in place until needs_input().
  void give(const char* data, size_t bytes);
  /// Appends to `out` until it holds `limit` bytes or the input is used up. Throws Error for a
  /// damaged stream.
  void inflate_into(TextBlock& out, size_t limit);
  bool needs_input() const { return z_.avail_in == 0 && !held_back_; }
  size_t unused() const { return z_.avail_in; }  ///< bytes of the input given last
  bool at_member_end() const { return part_ == Part::kBetween; }

 private:
  enum class Part { kBetween, kHeader, kBody, kTrailer };

  void pass_padding();
  void read_header();
  void inflate_body(TextBlock& out, size_t limit);
  void read_trailer();
  [[noreturn]] void damaged(const char* what) const;

  std::string path_;
  inflate_state z_;
  isal_gzip_header header_;
  Part part_ = Part::kBetween;
  bool held_back_ = false;  // z_ has more text of the input that it has taken
  std::string trailer_;     // as much of it as has come
};

}  // namespace latent
