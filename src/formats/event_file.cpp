#include "src/formats/event_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "src/base/error.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kPrefix = "events.out.tfevents.";

template <typename T>
void append_raw(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

// Protocol buffers' wire format: a field is its number and type, then its value.

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
void append_key(std::string& out, int field, int type) {
  append_varint(out, static_cast<uint64_t>(field << 3 | type));
}
void append_whole(std::string& out, int field, int64_t value) {
  append_key(out, field, 0);
  append_varint(out, static_cast<uint64_t>(value));
}
void append_double(std::string& out, int field, double value) {
  append_key(out, field, 1);
  append_raw(out, value);
}
void append_float(std::string& out, int field, float value) {
  append_key(out, field, 5);
  append_raw(out, value);
}
void append_bytes(std::string& out, int field, std::string_view bytes) {
  append_key(out, field, 2);
  append_varint(out, bytes.size());
  out += bytes;
}

/// Event: wall_time = 1, step = 2.
std::string event_at(int64_t step) {
  std::string out;
  append_double(out, 1,
                std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
                    .count());
  append_whole(out, 2, step);
  return out;
}

/// The checksum as records hold it: rotated, so that one over data with checksums in it is none.
uint32_t masked(uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8u; }

/// The largest N of the folder's event files; 0: there is none.
int64_t newest_in(const std::string& folder) {
  int64_t newest = 0;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kPrefix))
      newest = std::max<int64_t>(newest, std::atoll(name.c_str() + kPrefix.size()));
  }
  return newest;
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  static const std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> out{};
    for (uint32_t n = 0; n < 256; ++n) {
      uint32_t crc = n;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0u);
      out[n] = crc;
    }
    return out;
  }();
  uint32_t crc = ~0u;
  for (const char byte : bytes)
    crc = table[(crc ^ static_cast<unsigned char>(byte)) & 0xFF] ^ crc >> 8;
  return ~crc;
}

EventFile::EventFile(const std::string& folder, int64_t first_step) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw SystemError(folder + ": cannot make the folder: " + failed.message());
  const int64_t newest = newest_in(folder);
  char name[64];
  std::snprintf(name, sizeof name, "%010lld.latent",
                static_cast<long long>(std::max<int64_t>(std::time(nullptr), newest + 1)));
  path_ = folder + "/" + std::string(kPrefix) + name;
  file_ = std::fopen(path_.c_str(), "wb");
  if (file_ == nullptr) throw errno_error(path_, "cannot write");
  try {
    std::string version = event_at(0);
    append_bytes(version, 3, "brain.Event:2");  // file_version
    write(version);
    if (newest == 0) return;
    std::string start, session = event_at(first_step);
    append_whole(start, 1, 1);  // SessionLog: status = START
    append_bytes(session, 7, start);
    write(session);
  } catch (...) {
    std::fclose(file_);
    throw;
  }
}

EventFile::~EventFile() { std::fclose(file_); }

void EventFile::add(int64_t step, std::span<const std::pair<std::string, float>> scalars) {
  std::string summary, event = event_at(step);
  for (const auto& [tag, value] : scalars) {
    std::string one;
    append_bytes(one, 1, tag);
    append_float(one, 2, value);      // simple_value
    append_bytes(summary, 1, one);
  }
  append_bytes(event, 5, summary);
  write(event);
}

void EventFile::write(const std::string& event) {
  std::string record, length;
  append_raw(length, static_cast<uint64_t>(event.size()));
  record += length;
  append_raw(record, masked(crc32c(length)));
  record += event;
  append_raw(record, masked(crc32c(event)));
  if (std::fwrite(record.data(), 1, record.size(), file_) != record.size() ||
      std::fflush(file_) != 0)
    throw errno_error(path_, "cannot write");
}

}  // namespace latent
