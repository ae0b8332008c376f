// What a model file says of itself (extra/latent.json): which arrays it has, where, and their
// checksums. docs/formats.md describes it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace latent {

/// The format that is written; earlier ones are read too.
constexpr int kModelFormat = 4;

enum class ValueType { kFloat32, kFloat64, kInt32, kInt64, kUint8 };
int64_t bytes_of(ValueType type);
/// "float32", ...
const char* name_of(ValueType type);

/// An array of the file.
struct ArrayEntry {
  std::string member;  ///< of the zip, behind the archive's name ("data/3"); of safetensors the name
  ValueType type = ValueType::kFloat32;
  std::vector<int64_t> shape;
  /// CRC-32 of each kChecksumBlock bytes of it, the last block shorter; none: the archive's own.
  std::vector<uint32_t> checksums;

  /// Product of the shape times the type's size. Throws std::runtime_error where a factor is
  /// negative or the product does not fit.
  uint64_t bytes() const;
};

/// Bytes that share a checksum: little enough to check for one row, enough for short lists of them.
constexpr uint64_t kChecksumBlock = 1 << 18;
std::vector<uint32_t> block_checksums(std::span<const char> bytes);

/// An array in memory, to be written.
struct NamedArray {
  std::string name;
  ArrayEntry entry;
  std::span<const char> bytes;
};

/// Arrays by name, as a JSON object; read_arrays() throws std::runtime_error for what is none.
nlohmann::ordered_json arrays_to_json(const std::vector<NamedArray>& arrays);
std::map<std::string, ArrayEntry> read_arrays(const nlohmann::json& json);

}  // namespace latent
