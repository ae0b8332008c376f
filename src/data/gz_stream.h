// Inflates a gz stream of one or more members.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "src/data/text_blocks.h"

namespace latent {

/// By ISA-L (gz_stream.cpp), by zlib where that is all there is (gz_stream_zlib.cpp), or not at all
/// (gz_stream_none.cpp): the build takes one of the files.
class GzStream {
 public:
  explicit GzStream(std::string path);
  ~GzStream();
  GzStream(const GzStream&) = delete;
  GzStream& operator=(const GzStream&) = delete;

  /// The next bytes of the file; they stay in place until needs_input().
  void give(const char* data, size_t bytes);
  /// Appends to `out` until it holds `limit` bytes or the input is used up. Throws Error for a
  /// damaged stream.
  void inflate_into(TextBlock& out, size_t limit);
  bool needs_input() const;
  size_t unused() const;  ///< bytes of the input given last
  bool at_member_end() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace latent
