// Text to a file, plain or gz by its name, whole or absent; or to a stream (see AtomicFile).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "src/base/file.h"

namespace latent {

class GzWriter;

class TextWriter {
 public:
  /// gz when `path` ends in .gz. Throws Error when the folder cannot be written.
  explicit TextWriter(const std::string& path);
  ~TextWriter();
  TextWriter(const TextWriter&) = delete;
  TextWriter& operator=(const TextWriter&) = delete;

  void write(std::string_view text);
  /// Flushes and renames into place; without it nothing remains.
  void commit();

 private:
  /// The buffer goes to the file; the gz stream ends with the `last` one.
  void pass_on(bool last);

  std::string buffer_;
  AtomicFile file_;
  std::unique_ptr<GzWriter> gz_;  // refers to file_
};

/// A CSV field, quoted where RFC 4180 asks for it.
std::string csv_field(std::string_view text);

}  // namespace latent
