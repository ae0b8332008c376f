#include "src/formats/safetensors.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/base/file.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

const char* dtype_of(ValueType type) {
  switch (type) {
    case ValueType::kFloat32: return "F32";
    case ValueType::kFloat64: return "F64";
    case ValueType::kInt32: return "I32";
    case ValueType::kInt64: return "I64";
    case ValueType::kUint8: return "U8";
  }
  return "";
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::vector<NamedArray> arrays,
                       const std::string& metadata) {
  // Wide values first: nothing then lies between two of its own size.
  std::ranges::stable_sort(arrays, std::greater<>(),
                           [](const NamedArray& a) { return bytes_of(a.entry.type); });
  // The format has no checksum of its header, where a changed name would be another array.
  char checksum[12];
  std::snprintf(checksum, sizeof checksum, "%08x", crc32_of(metadata.data(), metadata.size()));
  nlohmann::ordered_json header = {
      {"__metadata__", {{"latent", metadata}, {"latent_crc32", checksum}}}};
  uint64_t at = 0;
  for (const NamedArray& array : arrays) {
    const uint64_t end = at + array.bytes.size();
    header[array.name] = {{"dtype", dtype_of(array.entry.type)},
                          {"shape", array.entry.shape},
                          {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  constexpr size_t kMost = 100'000'000;  // which readers of the format take
  if (text.size() > kMost)
    throw Error(path.string() + ": its description is longer than safetensors allows; write a .pt");
  AtomicFile file(path);
  std::string length;
  append_bytes(length, static_cast<uint64_t>(text.size()));
  file.write(length + text);
  for (const NamedArray& array : arrays) file.write(array.bytes.data(), array.bytes.size());
  file.commit();
}

}  // namespace latent
