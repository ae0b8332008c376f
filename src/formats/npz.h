// NumPy's .npz files: named arrays, each a .npy inside a zip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/formats/npy.h"
#include "src/formats/zip.h"

namespace latent {

/// Reads arrays by name, whatever np.savez and np.savez_compressed wrote: values in C order,
/// converted to the type asked for. Every method throws Error, with the file and the array, for
/// what is missing, damaged or of a type that it does not read (float32, float64, int32, int64 and
/// bool, little-endian, in Fortran order up to two dimensions; fixed-width text).
class NpzReader {
 public:
  explicit NpzReader(const std::filesystem::path& path);

  std::vector<std::string> names() const;
  bool has(const std::string& name) const { return find(name) != nullptr; }

  /// `expected`: the shape that the array must have, with kAnyExtent where any will do; `advice`
  /// ends the error's line and says what to do about another.
  std::vector<float> floats(const std::string& name, const std::optional<NpyShape>& expected = {},
                            const std::string& advice = "") const;
  std::vector<double> doubles(const std::string& name, const std::optional<NpyShape>& expected = {},
                              const std::string& advice = "") const;
  /// UTF-8, from text (dtype <U...) of at most one dimension.
  std::vector<std::string> texts(const std::string& name) const;

 private:
  const ZipEntry* find(const std::string& name) const;
  const ZipEntry& entry(const std::string& name) const;
  std::string where(const std::string& name) const;
  template <typename T>
  std::vector<T> values(const std::string& name, const std::optional<NpyShape>& expected,
                        const std::string& advice) const;

  ZipReader zip_;
};

/// Writes arrays as np.savez does: uncompressed, nothing but what np.load(allow_pickle=False)
/// reads. Nothing is copied: each array goes to the file as it is added.
class NpzWriter {
 public:
  explicit NpzWriter(const std::filesystem::path& path, uint64_t zip64_from = kZip64From)
      : zip_(path, zip64_from) {}

  /// Values in C order; their number must be the product of `shape`.
  void add(const std::string& name, std::span<const float> values, const NpyShape& shape);
  void add(const std::string& name, std::span<const double> values, const NpyShape& shape);
  void add(const std::string& name, std::span<const int32_t> values, const NpyShape& shape);
  void add(const std::string& name, std::span<const int64_t> values, const NpyShape& shape);
  /// One-dimensional, as wide as the longest. See code_points for what is not UTF-8.
  void add_texts(const std::string& name, std::span<const std::string> values);

  /// Arrays without dimensions: array.item() is the value.
  void add_number(const std::string& name, double value) { add(name, {&value, 1}, {}); }
  void add_integer(const std::string& name, int64_t value) { add(name, {&value, 1}, {}); }
  void add_flag(const std::string& name, bool value);
  void add_text(const std::string& name, const std::string& value);

  void commit() { zip_.commit(); }

 private:
  void add_raw(const std::string& name, const NpyHeader& header, const void* data, size_t count,
               size_t width);
  void add_texts(const std::string& name, std::span<const std::string> values,
                 const NpyShape& shape);

  ZipWriter zip_;
};

}  // namespace latent
