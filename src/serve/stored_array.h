// An array that lies in a file. Its bytes are checked against their checksums before they are used.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "src/formats/model_manifest.h"

namespace latent {

class StoredArray {
 public:
  StoredArray() = default;
  /// `bytes` lie in the file named `path`, as many as the entry says. Bytes of an entry without
  /// checksums have been checked already.
  StoredArray(std::string path, std::string name, ArrayEntry entry, std::span<const char> bytes);

  bool is_there() const { return bytes_.data() != nullptr; }
  const std::vector<int64_t>& shape() const { return entry_.shape; }
  ValueType type() const { return entry_.type; }
  int64_t size() const { return static_cast<int64_t>(bytes_.size()) / bytes_of(entry_.type); }

  /// Values [from, from + count), each block of them checked at its first touch; from any thread.
  /// Throws Error for a damaged one.
  template <typename T>
  std::span<const T> part(int64_t from, int64_t count) const {
    check(static_cast<uint64_t>(from) * sizeof(T), static_cast<uint64_t>(count) * sizeof(T));
    return unchecked<T>().subspan(static_cast<size_t>(from), static_cast<size_t>(count));
  }
  /// All of it, checked on all threads.
  template <typename T>
  std::span<const T> all() const {
    check_all();
    return unchecked<T>();
  }
  void check_all() const;
  /// All of it, for whoever calls part() before each use.
  template <typename T>
  std::span<const T> unchecked() const {
    if (!is_there()) return {};
    if (sizeof(T) != static_cast<size_t>(bytes_of(entry_.type)))
      throw std::logic_error(name_ + " holds values of another size");
    return {reinterpret_cast<const T*>(bytes_.data()), bytes_.size() / sizeof(T)};
  }

 private:
  void check(uint64_t from, uint64_t bytes) const;
  void check_block(uint64_t block) const;

  std::string path_, name_;
  ArrayEntry entry_;
  std::span<const char> bytes_;
  std::unique_ptr<std::atomic<bool>[]> checked_;  ///< by block
};

}  // namespace latent
