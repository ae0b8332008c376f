#include "src/data/read.h"

#include "src/base/error.h"
#include "src/base/log.h"

namespace latent {

RawData parse_files(const std::vector<std::string>& paths, const DataOptions& options,
                    bool need_time) {
  RawData raw;
  Dataset& data = raw.data;
  const bool skip = options.on_bad_row == "skip";
  std::string first_bad;
  for (const std::string& path : paths) {
    LineReader reader(path);
    const auto format = open_format(reader, options, need_time);
    if (raw.part_ends.empty()) raw.format = format->info;
    const bool with_time = raw.format.time != "none";
    if (with_time != (format->info.time != "none")) {
      throw Error(path + ": has " + (with_time ? "no time" : "a time") + " column, unlike " +
                  paths[0] + "; set data.time");
    }
    const RowSink sink = [&](const Row& row) {
      data.rows.push(data.users.add(row.user), data.items.add(row.item),
                     static_cast<float>(row.rating));
      if (with_time) data.rows.time.push_back(row.time);
    };
    Progress progress("reading " + path, reader.file_size(), "bytes");
    constexpr int64_t kLook = 8192;  // lines between two looks at the clock
    for (bool more = true; more;) {
      try {
        more = format->read(reader, sink);
      } catch (const RowError& e) {
        const std::string where =
            path + ":" + std::to_string(reader.line_number()) + ": " + e.what();
        if (!skip) throw Error(where);
        if (first_bad.empty()) first_bad = where;
        if (++raw.bad_rows > options.max_bad_rows) {
          throw Error(where + "; more than data.max_bad_rows = " +
                      std::to_string(options.max_bad_rows) + " bad rows");
        }
      }
      if (reader.line_number() % kLook == 0) progress.update(reader.bytes_read());
    }
    const uint32_t crc = reader.checksum();
    data.checksum = paths.size() == 1 ? crc : data.checksum * 0x9E3779B1u + crc;
    raw.part_ends.push_back(data.rows.size());
  }
  if (raw.bad_rows > 0)
    say("skipped " + std::to_string(raw.bad_rows) + " bad rows; the first: " + first_bad);
  return raw;
}

}  // namespace latent
