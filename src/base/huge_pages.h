// Memory for large tables that are read at random: aligned to cache lines and, on Linux, in huge
// pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace latent {

/// Asks for pages of 2 MB within `bytes` bytes just allocated and not yet written: they come in a
/// 512th of the steps. Advice only.
inline void advise_huge_pages(void* data, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr size_t kHuge = size_t{1} << 21;
  const auto at = reinterpret_cast<uintptr_t>(data);
  const uintptr_t from = (at + kHuge - 1) / kHuge * kHuge, to = (at + bytes) / kHuge * kHuge;
  if (data != nullptr && from < to)
    ::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#else
  (void)data, (void)bytes;
#endif
}

/// Gives the pages behind the last value of a large vector back to the system, which clears them
/// should the vector grow again: as shrink_to_fit(), but without a second copy.
template <typename T, typename Memory>
void give_back_room(std::vector<T, Memory>& values) {
#ifdef __linux__
  constexpr size_t kPage = size_t{1} << 12, kLarge = size_t{1} << 20;
  const auto used = reinterpret_cast<uintptr_t>(values.data() + values.size()),
             end = reinterpret_cast<uintptr_t>(values.data() + values.capacity());
  const uintptr_t from = (used + kPage - 1) / kPage * kPage, to = end / kPage * kPage;
  if (to > from + kLarge) ::madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
#else
  values.shrink_to_fit();
#endif
}

/// An allocator for std::vector. Random rows of a table of tens of megabytes miss the processor's
/// table of 4 KB pages at nearly every access; pages of 2 MB, where the system grants them, do not.
template <typename T>
struct HugePages {
  using value_type = T;
  HugePages() = default;
  template <typename U>
  HugePages(const HugePages<U>&) {}  // NOLINT(google-explicit-constructor): allocators convert

  static constexpr size_t kHuge = size_t{1} << 21;
  static constexpr size_t alignment(size_t bytes) { return bytes < kHuge ? 64 : kHuge; }

  T* allocate(size_t n) {
    const size_t bytes = n * sizeof(T);
    void* const p = ::operator new(bytes, std::align_val_t(alignment(bytes)));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    // Advice only: whole huge pages, and no matter whether it is taken.
    if (bytes >= kHuge) ::madvise(p, bytes / kHuge * kHuge, MADV_HUGEPAGE);
#endif
    return static_cast<T*>(p);
  }
  void deallocate(T* p, size_t n) {
    ::operator delete(p, std::align_val_t(alignment(n * sizeof(T))));
  }
  template <typename U>
  bool operator==(const HugePages<U>&) const {
    return true;
  }
};

template <typename T>
using Table = std::vector<T, HugePages<T>>;

}  // namespace latent
