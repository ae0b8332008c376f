#include "src/base/error.h"

#include <cerrno>
#include <cstring>

namespace latent {

std::string in_quotes(const std::string& text) {
  constexpr size_t kLongest = 80;
  std::string out = "'";
  for (size_t n = 0; n < text.size(); ++n) {
    if (n == kLongest) {
      // Never end in the middle of a UTF-8 sequence.
      while (out.size() > 1 && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) {
        out.pop_back();
      }
      if (static_cast<unsigned char>(out.back()) >= 0xC0) out.pop_back();
      out += "...";
      break;
    }
    const unsigned char c = text[n];
    out += c < 0x20 || c == 0x7F ? '?' : text[n];
  }
  return out + "'";
}

SystemError errno_error(const std::string& path, const std::string& what) {
  return SystemError(path + ": " + what + ": " + std::strerror(errno));
}

}  // namespace latent
