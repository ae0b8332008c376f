#include "src/data/read.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/base/log.h"

namespace latent {

namespace {

/// Rows of one file on their way into a data set.
class RowStore {
 public:
  RowStore(Dataset& data, const LineReader& reader, bool with_time)
      : data_(data), reader_(reader), rows_before_(data.rows.size()), with_time_(with_time) {}

  void store(const Row& row) {
    ensure_room(1);
    data_.rows.push(data_.users.add(row.user), data_.items.add(row.item),
                    static_cast<float>(row.rating));
    if (with_time_) data_.rows.time.push_back(row.time);
  }

  /// Of ready lines: what follows an id may be read.
  void store(const RowBatch& batch) {
    static_assert(TextBlock::kSlack >= IdMap::kPadding);
    ensure_room(batch.size());
    Interactions& rows = data_.rows;
    const size_t had = rows.user.size(), n = had + batch.size();
    rows.user.resize(n);
    rows.item.resize(n);
    data_.users.add_all(batch.user(), rows.user.data() + had);
    data_.items.add_all(batch.item(), rows.item.data() + had);
    rows.rating.insert(rows.rating.end(), batch.rating().begin(), batch.rating().end());
    if (with_time_)
      rows.time.insert(rows.time.end(), batch.time().begin(), batch.time().end());
  }

 private:
  void ensure_room(size_t more) {
    const Interactions& rows = data_.rows;
    const size_t n = rows.user.size() + more;
    if (n > rows.user.capacity() || (with_time_ && n > rows.time.capacity())) make_room(n);
  }

  /// For as many rows as the file seems to hold, from the share of it read so far: columns that
  /// grew by doubling would be there twice, and half empty. Pages never touched take no memory.
  void make_room(size_t wanted) {
    constexpr size_t kSome = 1 << 18;  // enough to judge the rest by
    const auto rows = static_cast<double>(data_.rows.size() - rows_before_);
    const auto parsed = static_cast<double>(reader_.bytes_parsed());
    size_t room = std::max(wanted + kSome, wanted + wanted / 4);
    if (rows > 0 && parsed > 0) {
      const double all = 1.2 * rows * static_cast<double>(reader_.file_size()) / parsed;
      if (all < 1e11) room = std::max(room, static_cast<size_t>(rows_before_ + all));
    }
    data_.rows.reserve(room);
    if (with_time_) data_.rows.time.reserve(room);
  }

  Dataset& data_;
  const LineReader& reader_;
  int64_t rows_before_;
  bool with_time_;
};

}  // namespace

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
    RowStore rows(data, reader, with_time);
    RowBatch batch;
    const RowSink sink = [&](const Row& row) { rows.store(row); };
    Progress progress("reading " + path, reader.file_size(), "bytes");
    constexpr int64_t kLook = 8192;  // lines between two looks at the clock
    int64_t next_look = kLook;
    for (bool more = true; more;) {
      format->read_ready(reader, batch);
      rows.store(batch);
      try {
        if (batch.size() == 0) more = format->read(reader, sink);
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
      if (reader.line_number() >= next_look) {
        progress.update(reader.bytes_read());
        next_look = reader.line_number() + kLook;
      }
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
