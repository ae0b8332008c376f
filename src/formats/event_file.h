// Event files, as TensorBoard reads them: scalars at steps.
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace latent {

/// CRC-32C (Castagnoli), as RFC 3720 defines it.
uint32_t crc32c(std::string_view bytes);

/// A file `folder`/events.out.tfevents.N.latent of TFRecords: for each an Event of TensorBoard's
/// event.proto. N, the second at which it was made, is above that of any file there, so that
/// readers take files in the order in which they were made.
class EventFile {
 public:
  /// Makes the folder and the file. Where the folder holds event files already, readers are told
  /// to forget what those have from `first_step` on. Throws SystemError when it cannot.
  EventFile(const std::string& folder, int64_t first_step);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  /// Adds scalars by tag; they are in the file when it returns. Throws SystemError when it cannot
  /// be written.
  void add(int64_t step, std::span<const std::pair<std::string, float>> scalars);

 private:
  void write(const std::string& event);

  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace latent
