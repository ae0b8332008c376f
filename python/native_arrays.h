// NumPy arrays to and from NativeModel, for the files that define latent._native.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <optional>
#include <utility>
#include <vector>

#include "python/native_model.h"

namespace latent {

namespace nb = nanobind;

using Indices = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Mask = nb::ndarray<const bool, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

inline std::span<const int32_t> span_of(const Indices& array) {
  return {array.data(), array.size()};
}

/// A NumPy array that owns `values`.
template <typename T, typename... Extent>
auto given(std::vector<T>&& values, Extent... extent) {
  auto* const owned = new std::vector<T>(std::move(values));
  const nb::capsule owner(owned, [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  return nb::ndarray<nb::numpy, T>(owned->data(), {extent...}, owner);
}

inline nb::tuple given(Lists&& lists) {
  return nb::make_tuple(given(std::move(lists.index), lists.rows, lists.length),
                        given(std::move(lists.score), lists.rows, lists.length));
}

/// fn() without the interpreter's lock.
template <typename Fn>
auto unlocked(const Fn& fn) {
  const nb::gil_scoped_release release;
  return fn();
}

inline ListRules rules_of(int64_t k, bool exclude_seen, const std::optional<Mask>& allowed,
                          int threads) {
  if (!allowed) return {k, exclude_seen, {}, threads};
  return {
      k, exclude_seen, {reinterpret_cast<const char*>(allowed->data()), allowed->size()}, threads};
}

/// Methods for users made of histories.
void define_fold_in(nb::class_<NativeModel>& model);

}  // namespace latent
