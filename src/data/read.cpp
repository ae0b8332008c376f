#include "src/data/read.h"

#include <algorithm>

#include "src/base/error.h"
#include "src/base/log.h"

namespace latent {

namespace {

/// Rows of one file on their way into a data set.
class RowStore {
 public:
  RowStore(Dataset& data, const LineReader& reader, bool with_time, int64_t most,
           const RowPlace& place)
      : data_(data),
        reader_(reader),
        rows_before_(data.rows.size()),
        with_time_(with_time),
        most_(most),
        place_(place) {}

  void store(const Row& row) {
    refuse_too_many(1);
    if (row.left_out)
      return data_.left_out.push(data_.users.add(row.user), data_.items.add(row.item));
    ensure_room(1);
    data_.rows.push(data_.users.add(row.user), data_.items.add(row.item),
                    static_cast<float>(row.rating));
    if (with_time_) data_.rows.time.push_back(row.time);
  }

  /// Of ready lines: what follows an id may be read.
  void store(const RowBatch& batch) {
    static_assert(TextBlock::kSlack >= IdMap::kPadding);
    refuse_too_many(batch.size());
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
  void refuse_too_many(size_t more) const {
    if (data_.rows.size() + data_.left_out.size() + static_cast<int64_t>(more) <= most_) return;
    throw Error(reader_.path() + ":" + std::to_string(reader_.line_number()) +
                ": more than data.max_rows = " + std::to_string(most_) +
                " rows; raise it if they are meant");
  }

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
    const double bytes = bytes_of_rows(static_cast<int64_t>(room), with_time_);
    if (!data_.rows.on_disk() && place_.takes_to_disk(bytes)) data_.rows.move_to(place_.folder);
    data_.rows.reserve(room);
    if (with_time_) data_.rows.time.reserve(room);
  }

  Dataset& data_;
  const LineReader& reader_;
  int64_t rows_before_;
  bool with_time_;
  int64_t most_;
  const RowPlace& place_;
};

/// Counts rows that cannot be read, and stops at the first or at too many.
class BadRows {
 public:
  BadRows(const DataOptions& options, int64_t& count)
      : skip_(options.on_bad_row == "skip"), most_(options.max_bad_rows), count_(count) {}

  void add(const std::string& place, const RowError& error) {
    const std::string where = place + ": " + error.what();
    if (!skip_) throw Error(where + " (data.on_bad_row = skip passes over such rows)");
    if (first_.empty()) first_ = where;
    if (++count_ > most_) {
      throw Error(where + "; more than data.max_bad_rows = " + std::to_string(most_) + " bad rows");
    }
  }
  void tell() const {
    if (count_ > 0) say("skipped " + std::to_string(count_) + " bad rows; the first: " + first_);
  }

 private:
  bool skip_;
  int64_t most_;
  int64_t& count_;
  std::string first_;
};

/// Reads all rows of one file.
void read_rows(LineReader& reader, RowFormat& format, RowStore& rows, BadRows& bad) {
  RowBatch batch;
  const RowSink sink = [&](const Row& row) { rows.store(row); };
  Progress progress("reading " + reader.path(), reader.file_size(), "bytes");
  constexpr int64_t kLook = 8192;  // lines between two looks at the clock
  int64_t next_look = kLook;
  for (bool more = true; more;) {
    format.read_ready(reader, batch);
    rows.store(batch);
    try {
      if (batch.size() == 0) more = format.read(reader, sink);
    } catch (const RowError& e) {
      bad.add(reader.path() + ":" + std::to_string(reader.line_number()), e);
    }
    if (reader.line_number() >= next_look) {
      progress.update(reader.bytes_read());
      next_look = reader.line_number() + kLook;
    }
  }
}

}  // namespace

double bytes_of_rows(int64_t rows, bool with_time) {
  constexpr double kRow = 12, kTime = 8;
  return static_cast<double>(rows) * (with_time ? kRow + kTime : kRow);
}

RawData parse_files(const std::vector<std::string>& paths, const DataOptions& options,
                    bool need_time, const RowPlace& place) {
  RawData raw;
  Dataset& data = raw.data;
  BadRows bad(options, raw.bad_rows);
  const Encoding encoding = options.encoding == "latin-1" ? Encoding::kLatin1 : Encoding::kUtf8;
  for (const std::string& path : paths) {
    const ReadLimits limits{static_cast<size_t>(options.max_line_mb) << 20, options.max_gz_ratio};
    LineReader reader(path, {}, encoding, limits);
    const FormatInfo* const like = raw.part_ends.empty() ? nullptr : &raw.format;
    const auto format = open_format(reader, options, need_time, like);
    if (like == nullptr) raw.format = format->info;
    const bool with_time = raw.format.time != "none";
    if (with_time != (format->info.time != "none")) {
      throw Error(path + ": has " + (with_time ? "no time" : "a time") + " column, unlike " +
                  paths[0] + "; set data.time");
    }
    RowStore rows(data, reader, with_time, options.max_rows, place);
    const int64_t before = data.rows.size() + data.left_out.size() + raw.bad_rows;
    read_rows(reader, *format, rows, bad);
    raw.missing_rows += format->missing;
    if (format->info.header && format->missing == 0 &&
        data.rows.size() + data.left_out.size() + raw.bad_rows == before)
      throw Error(path + ": a header and nothing else, so no rows; fetch or write the file again");
    const uint32_t crc = reader.checksum();
    data.checksum = paths.size() == 1 ? crc : data.checksum * 0x9E3779B1u + crc;
    raw.part_ends.push_back(data.rows.size());
  }
  bad.tell();
  // By what there is, as for whoever reads it from the cache, not by what seemed to be.
  const bool large = place.takes_to_disk(bytes_of_rows(data.rows.size(), data.rows.has_time()));
  if (large != data.rows.on_disk()) data.rows.move_to(large ? place.folder : nullptr);
  return raw;
}

}  // namespace latent
