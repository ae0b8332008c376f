// Checksums made to fit what a fuzzer has changed, so that it gets beyond them.
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "src/base/bytes.h"
#include "src/base/json_text.h"
#include "src/formats/crc32.h"
#include "src/formats/model_manifest.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

constexpr size_t kCentralBytes = 46, kLocalBytes = 30;

/// A member of an archive: where its table of contents speaks of it, and its bytes.
struct Member {
  size_t central;
  std::string name;
  size_t from, size;  ///< of the stored bytes
};

/// The stored members, as far as the archive makes sense.
std::vector<Member> members_of(std::string_view zip) {
  std::vector<Member> out;
  for (size_t at = zip.find("PK\1\2");
       at != std::string_view::npos && zip.size() - at >= kCentralBytes;
       at = zip.find("PK\1\2", at + 4)) {
    const char* const head = zip.data() + at;
    const size_t name = value_at<uint16_t>(head + 28), size = value_at<uint32_t>(head + 20);
    const size_t local = value_at<uint32_t>(head + 42);
    if (zip.size() - at - kCentralBytes < name || zip.size() < kLocalBytes ||
        local > zip.size() - kLocalBytes)
      continue;
    const size_t from = local + kLocalBytes + value_at<uint16_t>(zip.data() + local + 26) +
                        value_at<uint16_t>(zip.data() + local + 28);
    if (from > zip.size() || size > zip.size() - from) continue;
    out.push_back({at, std::string(zip.substr(at + kCentralBytes, name)), from, size});
  }
  return out;
}

std::string digits(std::span<const uint32_t> sums) {
  std::string out;
  char eight[12];
  for (const uint32_t sum : sums) {
    std::snprintf(eight, sizeof eight, "%08x", sum);
    out += eight;
  }
  return out;
}

/// In a manifest the checksums of arrays, in place: they are as long as they were, or left alone.
void fit_manifest(std::string& manifest, const std::map<std::string, std::string_view>& arrays) {
  const auto all = object_in(json_of<nlohmann::json>(manifest), "arrays");
  for (const auto& [name, array] : all.items()) {
    if (!array.is_object() || !array.contains("member") || !array["member"].is_string() ||
        !array.contains("crc32") || !array["crc32"].is_string())
      continue;
    const auto bytes = arrays.find(array["member"].get<std::string>());
    const auto old = array["crc32"].get<std::string>();
    if (bytes == arrays.end() || old.empty()) continue;
    const std::string fresh = digits(block_checksums(bytes->second));
    const size_t at = manifest.find("\"" + old + "\"");
    if (fresh.size() == old.size() && at != std::string::npos)
      manifest.replace(at + 1, fresh.size(), fresh);
  }
}

std::string safetensors_with_checksums(std::string_view bytes) {
  std::string out(bytes);
  if (bytes.size() < 8) return out;
  const auto size = value_at<uint64_t>(bytes.data());
  if (size > bytes.size() - 8) return out;
  auto header = json_of<nlohmann::ordered_json>(bytes.substr(8, size));
  const std::string_view data = bytes.substr(8 + size);
  if (!header.is_object()) return out;
  std::map<std::string, std::string_view> arrays;
  for (const auto& [name, tensor] : header.items()) {
    if (!tensor.is_object() || !tensor.contains("data_offsets")) continue;
    const auto& at = tensor["data_offsets"];
    if (at.size() != 2 || !at[0].is_number_unsigned() || !at[1].is_number_unsigned()) continue;
    const auto from = at[0].get<uint64_t>(), to = at[1].get<uint64_t>();
    if (from <= to && to <= data.size()) arrays[name] = data.substr(from, to - from);
  }
  if (!object_in(header, "__metadata__").contains("latent") ||
      !header["__metadata__"]["latent"].is_string())
    return out;
  auto manifest = header["__metadata__"]["latent"].get<std::string>();
  fit_manifest(manifest, arrays);
  const uint32_t sum = crc32_of(manifest.data(), manifest.size());
  header["__metadata__"]["latent"] = manifest;
  header["__metadata__"]["latent_crc32"] = digits({&sum, 1});
  const std::string text =
      header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  out.clear();
  append_bytes(out, static_cast<uint64_t>(text.size()));
  return out.append(text).append(data);
}

}  // namespace

std::string sections_with_checksums(std::string_view bytes) {
  std::string out(bytes);
  if (out.size() < sizeof(uint32_t)) return out;
  const uint32_t sum = crc32_of(out.data(), out.size() - sizeof sum);
  out.replace(out.size() - sizeof sum, sizeof sum, reinterpret_cast<const char*>(&sum), sizeof sum);
  return out;
}

/// Of stored members only; deflated ones keep what they have.
std::string zip_with_checksums(std::string_view bytes) {
  std::string out(bytes);
  for (const Member& member : members_of(bytes)) {
    if (value_at<uint16_t>(&out[member.central + 10]) != 0) continue;
    const uint32_t sum = crc32_of(out.data() + member.from, member.size);
    out.replace(member.central + 16, sizeof sum, reinterpret_cast<const char*>(&sum), sizeof sum);
  }
  return out;
}

std::string model_with_checksums(std::string_view bytes) {
  if (!bytes.starts_with("PK")) return safetensors_with_checksums(bytes);
  std::string out(bytes);
  std::map<std::string, std::string_view> arrays;
  const std::vector<Member> members = members_of(bytes);
  for (const Member& member : members) {
    const size_t slash = member.name.find('/');
    if (slash != std::string::npos)
      arrays[member.name.substr(slash + 1)] = bytes.substr(member.from, member.size);
  }
  for (const Member& member : members) {
    if (!member.name.ends_with("/extra/latent.json")) continue;
    std::string manifest = out.substr(member.from, member.size);
    fit_manifest(manifest, arrays);
    out.replace(member.from, member.size, manifest);
  }
  return zip_with_checksums(out);
}

}  // namespace latent::fuzz
