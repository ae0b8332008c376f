// Inflates a gz stream of one or more members.
#pragma once

#include <zlib.h>

#include <string>

#include "src/data/text_blocks.h"
#include "src/formats/crc32.h"

namespace latent {

/// zlib spends a third of its time on the checksum of what it inflates; here it inflates only, and
/// the check is made beside it by crc32_of.
class GzStream {
 public:
  explicit GzStream(const std::string& path);
  ~GzStream();
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
  enum class Part { kHeader, kBody, kBetween };

  void begin_member();
  void check_trailer() const;
  [[noreturn]] void damaged(const char* what) const;

  std::string path_;
  z_stream z_{};
  Part part_ = Part::kHeader;
  bool held_back_ = false;  // zlib may have more text of the input it has taken
  uint32_t crc_ = 0, bytes_ = 0;
  const char* input_ = nullptr;
  std::string before_;  // the last bytes of earlier input: a trailer may begin in them
};

}  // namespace latent
