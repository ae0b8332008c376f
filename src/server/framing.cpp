#include "src/server/framing.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "src/server/http.h"

namespace latent {

namespace {

[[noreturn]] void too_long(int64_t most) {
  throw HttpError(413, "the body is longer than " + std::to_string(most) + " bytes");
}

/// Letters, digits and hyphens, as every field's name has them.
bool is_name(std::string_view name) {
  return std::ranges::all_of(name, [](unsigned char c) { return c > ' ' && c < 127; });
}

/// -1 where it is no number of that base, digits alone.
int64_t whole(std::string_view text, int base) {
  int64_t out = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  const bool good = failed == std::errc() && end == text.data() + text.size() && text[0] != '-';
  return good ? out : -1;
}

[[noreturn]] void cut_short(const Connection& connection) {
  const std::string_view beyond = connection.exceeded();
  if (beyond == "time") throw HttpError(408, "the request did not come in time");
  if (beyond == "body") throw HttpError(413, "the body is too long");
  throw HttpError(400, "the body is cut short");
}

/// Without its end.
std::string line_of(Connection& connection) {
  constexpr size_t kLongest = 1024;
  std::string out;
  for (char c = 0; out.size() < kLongest;) {
    if (connection.read(&c, 1) <= 0) cut_short(connection);
    if (c != '\n') {
      out += c;
      continue;
    }
    if (!out.ends_with('\r')) break;
    out.pop_back();
    return out;
  }
  throw HttpError(400, "the body's chunks cannot be read");
}

}  // namespace

BodyLength body_length(const std::string& method, const HeaderFields& fields, int64_t most) {
  BodyLength out;
  int lengths = 0, encodings = 0;
  for (const auto& [name, value] : fields) {
    if (!is_name(name)) throw HttpError(400, "a header has a name that is none");
    if (name == "content-length") {
      ++lengths;
      out.bytes = whole(value, 10);
      if (out.bytes < 0) throw HttpError(400, "Content-Length is no number of bytes");
    } else if (name == "transfer-encoding") {
      ++encodings;
      std::string coding = value;
      std::ranges::transform(coding, coding.begin(), [](char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
      });
      out.chunked = coding == "chunked";
      if (!out.chunked) throw HttpError(400, "of transfer encodings only chunked is read");
    }
  }
  if (lengths + encodings > 1) throw HttpError(400, "the request gives its length twice");
  if (method != "POST") {
    if (out.chunked || out.bytes > 0)
      throw HttpError(400, "a " + method + " has no body; ask with a POST");
    return out;
  }
  if (lengths + encodings == 0) throw HttpError(411, "the request needs a Content-Length");
  if (out.bytes > most) too_long(most);
  return out;
}

std::string read_chunks(Connection& connection, int64_t most) {
  std::string out;
  for (;;) {
    const std::string line = line_of(connection);
    std::string_view size = std::string_view(line).substr(0, line.find(';'));
    while (size.ends_with(' ') || size.ends_with('\t')) size.remove_suffix(1);
    const int64_t bytes = size.empty() ? -1 : whole(size, 16);
    if (bytes < 0) throw HttpError(400, "a chunk of the body has no size");
    if (bytes > most - static_cast<int64_t>(out.size())) too_long(most);
    if (bytes == 0) break;
    size_t at = out.size();
    out.resize(at + static_cast<size_t>(bytes));
    while (at < out.size()) {
      const int64_t got = connection.read(out.data() + at, static_cast<int64_t>(out.size() - at));
      if (got <= 0) cut_short(connection);
      at += static_cast<size_t>(got);
    }
    if (!line_of(connection).empty()) throw HttpError(400, "a chunk is not as long as it says");
  }
  while (!line_of(connection).empty()) {  // the trailer says nothing that is needed here
  }
  return out;
}

}  // namespace latent
