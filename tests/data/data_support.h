// What the data tests share: gz text, parsing a text, rows by name.
#pragma once

#include <zlib.h>

#include <string>
#include <tuple>
#include <vector>

#include "src/base/error.h"
#include "src/data/read.h"
#include "tests/support.h"

namespace latent {

/// `text` as one gz member.
inline std::string gz_of(const std::string& text) {
  z_stream z{};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&z, text.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

inline std::vector<std::string> lines_of(const std::string& path) {
  LineReader reader(path);
  std::vector<std::string> out;
  for (std::string_view line; reader.next(line);) out.emplace_back(line);
  return out;
}

using NamedRow = std::tuple<std::string, std::string, double>;

inline std::vector<NamedRow> named_rows(const Dataset& data) {
  std::vector<NamedRow> out;
  for (int64_t n = 0; n < data.rows.size(); ++n) {
    out.emplace_back(data.users.name(data.rows.user[n]), data.items.name(data.rows.item[n]),
                     data.rows.rating[n]);
  }
  return out;
}

/// Parses `text` as a file called "f".
inline RawData parse_text(const std::string& text, const DataOptions& options = {},
                          bool need_time = false) {
  const TemporaryFolder folder;
  return parse_files({folder.write("f", text)}, options, need_time);
}

inline std::vector<NamedRow> rows_of(const std::string& text, const DataOptions& options = {}) {
  return named_rows(parse_text(text, options).data);
}

/// The error that parsing `text` ends in, from the file name on: "f:3: ...".
inline std::string parse_error(const std::string& text, const DataOptions& options = {},
                               bool need_time = false) {
  const std::string what = LATENT_MESSAGE_OF(Error, parse_text(text, options, need_time));
  return what.find("/f:") == std::string::npos ? what : what.substr(what.find("/f:") + 1);
}

inline DataOptions with_format(const std::string& format) {
  DataOptions options;
  options.format = format;
  return options;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace latent
