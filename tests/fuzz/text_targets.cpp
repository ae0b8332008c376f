// Files of ratings as text: each read in several ways, which must come to the same.
#include <zlib.h>

#include <algorithm>

#include "src/base/error.h"
#include "src/data/line_reader.h"
#include "src/data/read.h"
#include "src/data/row_format.h"
#include "tests/fuzz/scratch_file.h"
#include "tests/fuzz/targets.h"

namespace latent::fuzz {

namespace {

const ScratchFile& scratch() {
  static const ScratchFile kFile;
  return kFile;
}

void append_row(std::string& out, std::string_view user, std::string_view item, double rating,
                double time) {
  out += std::to_string(user.size()) + " " + std::string(user) + " " + std::to_string(item.size()) +
         " " + std::string(item);
  const auto narrow = static_cast<float>(rating);
  out.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  out.append(reinterpret_cast<const char*>(&time), sizeof time);
}

/// The rows of the file, and what is said of bad ones. `ready`: many at a time where it can be.
std::string rows_of(const std::string& path, const DataOptions& options, bool need_time,
                    bool ready, bool thread) {
  std::string out;
  try {
    LineReader reader(path, {.thread = thread},
                      options.encoding == "latin-1" ? Encoding::kLatin1 : Encoding::kUtf8);
    const auto format = open_format(reader, options, need_time);
    out += format->info.format + " " + format->info.user + " " + format->info.item + "\n";
    RowBatch batch;
    const RowSink sink = [&](const Row& row) {
      if (row.left_out)
        append_row(out, row.user, row.item, -1, -1);
      else
        append_row(out, row.user, row.item, row.rating, format->info.time == "none" ? 0 : row.time);
    };
    int bad = 0;
    for (bool more = true; more;) {
      batch.clear();
      if (ready) format->read_ready(reader, batch);
      for (size_t n = 0; n < batch.size(); ++n)
        append_row(out, batch.user()[n], batch.item()[n], batch.rating()[n],
                   format->info.time == "none" ? 0 : batch.time()[n]);
      try {
        if (batch.size() == 0) more = format->read(reader, sink);
      } catch (const RowError& e) {
        out += std::to_string(reader.line_number()) + ": " + e.what() + "\n";
        if (++bad > 100) throw Error("too many bad rows");
      }
    }
    out += "missing " + std::to_string(format->missing);
  } catch (const Error& e) {
    out += std::string("refused: ") + e.what();
  }
  return out;
}

/// Through the ids of a data set, and its filters. The rows themselves were compared before.
std::string data_of(const std::string& path, DataOptions options, bool need_time) {
  options.on_bad_row = "skip";
  options.max_bad_rows = 100;
  RawData raw = parse_files({path}, options, need_time);
  std::string out;
  const Interactions& rows = raw.data.rows;
  for (int64_t n = 0; n < rows.size(); ++n) {
    append_row(out, raw.data.users.name(rows.user[n]), raw.data.items.name(rows.item[n]),
               rows.rating[n], rows.has_time() ? rows.time[n] : 0);
  }
  options.min_user = options.min_item = 1;
  options.duplicates = "mean";
  options.positive_at_least = 2;
  try {
    filter_rows(raw, options);
  } catch (const Error&) {  // no row is left, which says nothing about what was read
  }
  return out;
}

/// Some settings beside the format, chosen by the file's last byte.
DataOptions options_for(std::string_view bytes, const char* format) {
  DataOptions options;
  const auto choice = bytes.empty() ? 0 : static_cast<unsigned char>(bytes.back());
  // A line end is how files end: everything at its default, but for formats that are seldom guessed.
  if (choice == '\n') {
    const std::string name = format;
    if (name == "adjacency" || name == "matrixmarket" || name == "netflix") options.format = name;
    return options;
  }
  options.format = choice & 1 ? format : "auto";
  if (choice & 2) options.rating = "none";
  if (choice & 4) options.encoding = "latin-1";
  if (choice & 8) options.missing = {0, 99};
  if (choice & 16) options.decimal = ",";
  if (choice & 32) options.where = {"rating=1|2|3"};
  if (choice & 64) options.rating_map = {{"view", 1}, {"buy", 5}};
  if (choice & 128) options.header = "true";
  return options;
}

std::string read_text(std::string_view bytes, const char* format) {
  const std::string& path = scratch().write(bytes);
  const DataOptions options = options_for(bytes, format);
  const bool need_time = bytes.size() % 2 == 0;
  const std::string slow = rows_of(path, options, need_time, /*ready=*/false, /*thread=*/false);
  const bool thread = bytes.size() % 8 == 0;
  if (rows_of(path, options, need_time, /*ready=*/true, thread) != slow)
    throw Finding("many rows at a time are read otherwise than one by one");
  return slow + data_of(path, options, need_time);
}

/// zlib's reading of the same bytes; false where it refuses them.
bool inflated(std::string_view bytes, std::string& out) {
  z_stream z{};
  if (::inflateInit2(&z, 15 + 16) != Z_OK) throw std::runtime_error("zlib");
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  z.avail_in = static_cast<uInt>(bytes.size());
  char piece[1 << 14];
  int status = Z_OK;
  while (true) {
    z.next_out = reinterpret_cast<Bytef*>(piece);
    z.avail_out = sizeof piece;
    status = ::inflate(&z, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END) break;
    out.append(piece, sizeof piece - z.avail_out);
    if (status == Z_OK) continue;
    while (z.avail_in > 0 && *z.next_in == 0) ++z.next_in, --z.avail_in;  // padding
    if (z.avail_in == 0) break;
    ::inflateReset(&z);
  }
  ::inflateEnd(&z);
  return status == Z_STREAM_END;
}

}  // namespace

std::string read_json_lines(std::string_view bytes) { return read_text(bytes, "json"); }
std::string read_python_dicts(std::string_view bytes) { return read_text(bytes, "pydict"); }
std::string read_delimited(std::string_view bytes) {
  static constexpr const char* kFormats[] = {"csv", "tsv", "movielens", "recbole"};
  return read_text(bytes, kFormats[bytes.size() % 4]);
}
std::string read_adjacency(std::string_view bytes) { return read_text(bytes, "adjacency"); }
std::string read_matrix_market(std::string_view bytes) { return read_text(bytes, "matrixmarket"); }
std::string read_netflix(std::string_view bytes) { return read_text(bytes, "netflix"); }

std::string read_gz(std::string_view bytes) {
  const std::string& path = scratch().write(bytes);
  std::string out, twin;
  TextBlocks blocks(path, /*block_bytes=*/1 + bytes.size() % 4096);
  for (TextBlock block; blocks.next(block);) out += block.text();
  const bool is_gz = bytes.size() >= 2 && bytes.starts_with("\x1f\x8b");
  if (!is_gz) {
    twin = bytes;
  } else if (!inflated(bytes, twin)) {
    throw Finding("a gz stream is read that zlib refuses");
  }
  if (out != twin) throw Finding("a gz stream is read otherwise than by zlib");
  return out + read_text(bytes, "auto");
}

}  // namespace latent::fuzz
