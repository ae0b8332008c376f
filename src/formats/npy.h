// NumPy's array format: the header before the values, and text as code points.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace latent {

/// Extents, outermost first; empty: a single value.
using NpyShape = std::vector<int64_t>;
constexpr int64_t kAnyExtent = -1;

/// "943 x 10"; kAnyExtent is "any", no extent "a single value".
std::string shape_text(const NpyShape& shape);
/// The number of values, or -1 where an extent is negative or the product does not fit.
int64_t count_of(const NpyShape& shape);

constexpr std::string_view kNpyMagic = "\x93NUMPY";

/// What a .npy says before its values (numpy.lib.format, versions 1.0 to 3.0).
struct NpyHeader {
  std::string dtype;  ///< as written, like "<f4"; the whole list for a structured type
  bool fortran_order = false;
  NpyShape shape;

  /// From the dictionary after the length field. Throws Error, `where` first, when it is none.
  static NpyHeader parse(std::string_view text, const std::string& where);
  /// Bytes of one value, or -1 where `dtype` does not end in its size ("<U5" has 5 code points).
  int64_t width() const;
  /// Magic, version, length and dictionary, padded so that the values begin at a multiple of 64.
  std::string bytes() const;
};

/// A byte that is not UTF-8 becomes the code point that Python's "surrogateescape" gives it, so
/// that nothing is lost.
std::vector<uint32_t> code_points(std::string_view utf8);
/// The way back; zeros at the end are padding.
std::string from_code_points(std::span<const uint32_t> points);

}  // namespace latent
