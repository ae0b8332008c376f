// The container of checkpoints and cached data: a JSON header and arrays, with a checksum.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/huge_pages.h"
#include "src/formats/input_file.h"

namespace latent {

/// Writes such a file, whole or not at all: 8 bytes of magic, of which the last is the version; the
/// header's length (uint64) and text; the arrays one after another as they lie in memory; CRC-32 of
/// all before it (uint32). Little-endian.
class SectionsWriter {
 public:
  SectionsWriter(const std::filesystem::path& path, std::string_view magic,
                 std::string_view header);
  void add(const void* data, uint64_t bytes);
  template <typename T, typename Memory>
  void add(const std::vector<T, Memory>& values) {
    add(values.data(), values.size() * sizeof(T));
  }
  void commit();

 private:
  AtomicFile file_;
  uint32_t crc_ = 0;
};

/// Reads one: header() says what is there, next() says where each array is to go, in the order of
/// the file, and finish() reads and checks them all. Until then nothing need be true of what the
/// header says, but what next() was asked for lies within the file.
class SectionsReader {
 public:
  /// `what` names the kind of file in errors ("checkpoint"). Throws Error for a file of another
  /// kind or version, or one that is cut short.
  SectionsReader(const std::filesystem::path& path, std::string_view magic, std::string what);

  const nlohmann::json& header() const { return header_; }
  const InputFile& file() const { return file_; }
  /// Where in the file the array begins that next() is asked for next.
  uint64_t at() const { return at_; }
  /// Bytes of the arrays that next() has not been asked for.
  uint64_t left() const { return left_; }

  /// `to` takes the next `bytes` bytes; null: they are checked only.
  void next(void* to, uint64_t bytes);
  /// The empty vector or string `values` takes the next `count` values.
  template <typename Values>
  void next_values(Values& values, uint64_t count);
  /// Throws Error when the checksum differs, or when there is more than was asked for.
  void finish();

  /// The Error for a header that makes no sense.
  [[noreturn]] void fail_damaged() const;

 private:
  /// Takes a piece of a part after another.
  using Sink = std::function<void(const char* piece, uint64_t bytes)>;
  struct Part {
    uint64_t from, bytes;
    char* to;   // null: through a buffer into `sink`
    Sink sink;  // may be empty
    uint32_t crc = 0;
  };

  void read(Part& part) const;
  void add(uint64_t bytes, char* to, Sink sink);
  [[noreturn]] void fail_cut_short() const;

  InputFile file_;
  std::string what_;
  nlohmann::json header_;
  uint64_t at_ = 0, left_ = 0;
  std::vector<Part> parts_;
};

template <typename Values>
void SectionsReader::next_values(Values& values, uint64_t count) {
  using Value = typename Values::value_type;
  if (count > left_ / sizeof(Value)) fail_cut_short();
  // Appended piece by piece: a vector of given size would first be filled with zeros.
  add(count * sizeof(Value), nullptr, [&values, count](const char* piece, uint64_t bytes) {
    if (values.empty()) {
      values.reserve(count);
      advise_huge_pages(values.data(), count * sizeof(Value));
    }
    const auto* first = reinterpret_cast<const Value*>(piece);
    values.insert(values.end(), first, first + bytes / sizeof(Value));
  });
}

}  // namespace latent
