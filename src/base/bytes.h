// Little-endian values in the bytes of a file.
#pragma once

#include <bit>
#include <cstring>
#include <string>

namespace latent {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie");

template <typename... T>
void append_bytes(std::string& out, T... values) {
  (out.append(reinterpret_cast<const char*>(&values), sizeof values), ...);
}

/// The value whose first byte is *from, wherever that lies.
template <typename T>
T value_at(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace latent
