// A gz stream, as zlib's gzwrite makes it, into a file that may be a pipe.
#pragma once

#include <memory>
#include <string_view>

#include "src/base/file.h"

namespace latent {

class GzWriter {
 public:
  /// Keeps a reference. Throws Error where the build has no zlib (gz_writer_none.cpp).
  explicit GzWriter(AtomicFile& file);
  ~GzWriter();
  GzWriter(const GzWriter&) = delete;
  GzWriter& operator=(const GzWriter&) = delete;

  /// Takes `text`; the stream's end goes with the last of it.
  void write(std::string_view text, bool last);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace latent
