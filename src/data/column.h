// A column of interactions: a vector, whose memory is the heap's or a file's that is mapped.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "src/formats/input_file.h"

namespace latent {

/// The folder of files that hold columns; null: columns lie in the heap.
using ColumnFolder = std::shared_ptr<const std::string>;

/// `bytes` > 0 bytes of a file in the folder, which has no name any more: its room goes with the
/// mapping. Throws Error where the folder takes no file of that size.
void* map_column(const std::string& folder, size_t bytes);
void unmap_column(void* at, size_t bytes);

/// The file's bytes in memory. None is read before it is used. What is written there is the
/// process's own, in the heap's memory; the file stays as it is.
std::shared_ptr<char> map_file(const InputFile& file);

/// Asks the system to have these bytes of a mapped column in memory soon. Advice only.
void will_need(const void* at, size_t bytes);

/// A column's allocator. Values that are made without one are left as the memory is, which is what
/// lets a vector stand on values that lie in a file.
template <typename T>
class ColumnMemory {
 public:
  using value_type = T;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  ColumnMemory() = default;
  /// The first allocation gets `lent`, where it is given; further ones files of the folder.
  explicit ColumnMemory(ColumnFolder folder, std::shared_ptr<char> lent = nullptr)
      : folder_(std::move(folder)), lent_(std::move(lent)), lends_(lent_ != nullptr) {}
  // No move: what is moved from allocates in the same place.
  ColumnMemory(const ColumnMemory&) = default;
  ColumnMemory& operator=(const ColumnMemory&) = default;
  template <typename U>
  ColumnMemory(const ColumnMemory<U>& other) : folder_(other.folder()) {}  // NOLINT: converts

  const ColumnFolder& folder() const { return folder_; }
  bool is_lent() const { return lent_ != nullptr; }

  T* allocate(size_t n) {
    if (std::exchange(lends_, false)) return reinterpret_cast<T*>(lent_.get());
    if (folder_) return static_cast<T*>(map_column(*folder_, n * sizeof(T)));
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* at, size_t n) {
    if (!folder_) return std::allocator<T>().deallocate(at, n);
    if (reinterpret_cast<char*>(at) != lent_.get()) unmap_column(at, n * sizeof(T));
  }
  template <typename U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  ColumnMemory select_on_container_copy_construction() const { return ColumnMemory(folder_); }
  bool operator==(const ColumnMemory& other) const {
    return folder_ == other.folder_ && lent_ == other.lent_;
  }

 private:
  ColumnFolder folder_;
  std::shared_ptr<char> lent_;
  bool lends_ = false;
};

/// resize() leaves new values as the memory is: whoever calls it writes them.
template <typename T>
using Column = std::vector<T, ColumnMemory<T>>;

/// A column of `size` values that lie at `lent`, within what map_file() gave.
template <typename T>
Column<T> lent_column(const ColumnFolder& folder, std::shared_ptr<char> lent, size_t size) {
  if (size == 0) return Column<T>(ColumnMemory<T>(folder));
  return Column<T>(size, ColumnMemory<T>(folder, std::move(lent)));
}

template <typename T>
bool operator==(const Column<T>& a, const std::vector<T>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace latent
