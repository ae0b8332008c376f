#include "src/formats/model_manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "src/base/parallel.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

struct TypeRow {
  const char* name;
  int64_t bytes;
};
constexpr std::array<TypeRow, 5> kTypes = {
    {{"float32", 4}, {"float64", 8}, {"int32", 4}, {"int64", 8}, {"uint8", 1}}};

const TypeRow& row_of(ValueType type) { return kTypes.at(static_cast<size_t>(type)); }

/// Eight hexadecimal digits each.
std::string checksums_text(const std::vector<uint32_t>& checksums) {
  std::string out;
  char digits[12];
  for (const uint32_t sum : checksums) {
    std::snprintf(digits, sizeof digits, "%08x", sum);
    out += digits;
  }
  return out;
}

std::vector<uint32_t> read_checksums(const std::string& text) {
  if (text.size() % 8 != 0) throw std::runtime_error("checksums that are cut short");
  std::vector<uint32_t> out(text.size() / 8);
  for (size_t n = 0; n < out.size(); ++n) {
    const char* const from = text.data() + 8 * n;
    const auto [end, failed] = std::from_chars(from, from + 8, out[n], 16);
    if (failed != std::errc() || end != from + 8) throw std::runtime_error("no checksums");
  }
  return out;
}

}  // namespace

int64_t bytes_of(ValueType type) { return row_of(type).bytes; }
const char* name_of(ValueType type) { return row_of(type).name; }

uint64_t ArrayEntry::bytes() const {
  uint64_t product = static_cast<uint64_t>(bytes_of(type));
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(product, static_cast<uint64_t>(extent), &product))
      throw std::runtime_error("a shape that no array has");
  }
  return product;
}

std::vector<uint32_t> block_checksums(std::span<const char> bytes) {
  const auto blocks = static_cast<int64_t>((bytes.size() + kChecksumBlock - 1) / kChecksumBlock);
  std::vector<uint32_t> out(static_cast<size_t>(blocks));
  parallel_chunks(blocks, /*threads=*/0, [&](int64_t n) {
    const auto block = bytes.subspan(static_cast<uint64_t>(n) * kChecksumBlock);
    out[static_cast<size_t>(n)] =
        crc32_of(block.data(), std::min<uint64_t>(block.size(), kChecksumBlock));
  });
  return out;
}

nlohmann::ordered_json arrays_to_json(const std::vector<NamedArray>& arrays) {
  auto out = nlohmann::ordered_json::object();
  for (const NamedArray& array : arrays)
    out[array.name] = {{"member", array.entry.member},
                       {"type", name_of(array.entry.type)},
                       {"shape", array.entry.shape},
                       {"crc32", checksums_text(array.entry.checksums)}};
  return out;
}

std::map<std::string, ArrayEntry> read_arrays(const nlohmann::json& json) {
  if (!json.is_object()) throw std::runtime_error("no arrays");
  std::map<std::string, ArrayEntry> out;
  for (const auto& [name, said] : json.items()) {
    ArrayEntry entry;
    entry.member = said.at("member").get<std::string>();
    const std::string type = said.at("type").get<std::string>();
    const auto* const row =
        std::ranges::find_if(kTypes, [&](const TypeRow& r) { return type == r.name; });
    if (row == kTypes.end()) throw std::runtime_error("an unknown type of values");
    entry.type = static_cast<ValueType>(row - kTypes.begin());
    for (const nlohmann::json& extent : said.at("shape")) {
      if (!extent.is_number_integer()) throw std::runtime_error("a shape that is none");
      entry.shape.push_back(extent.get<int64_t>());
    }
    entry.checksums = read_checksums(said.at("crc32").get<std::string>());
    const uint64_t blocks = (entry.bytes() + kChecksumBlock - 1) / kChecksumBlock;
    if (entry.checksums.size() != blocks) throw std::runtime_error("too few checksums");
    out.emplace(name, std::move(entry));
  }
  return out;
}

}  // namespace latent
