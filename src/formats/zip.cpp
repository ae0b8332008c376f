#include "src/formats/zip.h"

#include <algorithm>
#include <unordered_set>

#include "src/base/bytes.h"
#include "src/base/error.h"
#include "src/formats/crc32.h"
#include "src/formats/inflate.h"

namespace latent {

namespace {

// APPNOTE.TXT, "General format of a .ZIP file": signatures and the lengths of the fixed parts.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56, kLocator64Bytes = 20;
constexpr uint16_t kStored = 0, kDeflated = 8, kPlainVersion = 20, kZip64Version = 45;
constexpr uint16_t kExtra64 = 1, kEncrypted = 1, kUtf8Names = 1 << 11;
constexpr uint16_t kMadeBy = 3 << 8 | kPlainVersion, kMadeBy64 = 3 << 8 | kZip64Version;  // Unix
constexpr uint16_t kMidnight = 0, kFirstDay = 0x21;  // 1 January 1980, as np.savez writes
constexpr uint32_t kRegularFile = 0100644u << 16, kIn64 = 0xFFFFFFFF, kFirstDisk = 0;
constexpr uint16_t kCountIn64 = 0xFFFF;

uint32_t narrow(uint64_t value, bool wide) { return wide ? kIn64 : static_cast<uint32_t>(value); }

/// What headers and the table of contents share. `extra`: bytes of the 64-bit values, if any.
void append_description(std::string& out, const ZipEntry& entry, int extra) {
  const uint32_t bytes = narrow(entry.bytes, extra > 0);
  append_bytes(out, extra > 0 ? kZip64Version : kPlainVersion, kUtf8Names, kStored, kMidnight,
               kFirstDay, entry.crc, bytes, bytes, static_cast<uint16_t>(entry.name.size()),
               static_cast<uint16_t>(extra > 0 ? extra + 4 : 0));
}

}  // namespace

void ZipWriter::add(const std::string& name, uint64_t bytes, const ZipContent& produce) {
  uint32_t crc = 0;
  produce([&](const void* data, size_t n) { crc = crc32_of(data, n, crc); });
  written_.push_back({name, 0, kStored, crc, bytes, bytes, offset_});
  std::string header;
  append_bytes(header, kLocal);
  append_description(header, written_.back(), bytes >= zip64_from_ ? 16 : 0);
  header += name;
  if (bytes >= zip64_from_) append_bytes(header, kExtra64, uint16_t{16}, bytes, bytes);
  file_.write(header);
  produce([&](const void* data, size_t n) { file_.write(data, n); });
  offset_ += header.size() + bytes;
}

void ZipWriter::commit() {
  std::string directory;
  for (const ZipEntry& w : written_) {
    const bool wide = w.bytes >= zip64_from_ || w.offset >= zip64_from_;
    append_bytes(directory, kCentral, wide ? kMadeBy64 : kMadeBy);
    append_description(directory, w, wide ? 24 : 0);
    append_bytes(directory, /*comment*/ uint16_t{0}, /*disk*/ uint16_t{0},
                 /*internal*/ uint16_t{0}, kRegularFile, narrow(w.offset, wide));
    directory += w.name;
    if (wide) append_bytes(directory, kExtra64, uint16_t{24}, w.bytes, w.bytes, w.offset);
  }
  const uint64_t start = offset_, size = directory.size(), count = written_.size();
  const bool wide = start >= zip64_from_ || size >= zip64_from_ || count >= kCountIn64;
  if (wide) {
    append_bytes(directory, kEnd64, uint64_t{kEnd64Bytes - 12}, kMadeBy64, kZip64Version,
                 kFirstDisk, kFirstDisk, count, count, size, start);
    append_bytes(directory, kLocator64, kFirstDisk, start + size, /*disks*/ uint32_t{1});
  }
  const auto narrow_count = static_cast<uint16_t>(narrow(count, wide));
  append_bytes(directory, kEnd, kFirstDisk, narrow_count, narrow_count, narrow(size, wide),
               narrow(start, wide), /*comment*/ uint16_t{0});
  file_.write(directory);
  file_.commit();
}

ZipReader::ZipReader(InputFile file, const std::string& kind) : file_(std::move(file)) {
  if (!file_.text_at(0, 2).starts_with("PK"))
    throw Error(file_.path().string() + ": is not " + kind);
  // The last thing in the file: nobody whose files are read writes a comment behind it.
  const uint64_t end = file_.size() - std::min(file_.size(), kEndBytes);
  std::string record = file_.text_at(end, kEndBytes);
  if (record.size() < kEndBytes || value_at<uint32_t>(&record[0]) != kEnd)
    file_.damaged("its table of contents is missing");
  uint64_t count = value_at<uint16_t>(&record[10]), size = value_at<uint32_t>(&record[12]),
           start = value_at<uint32_t>(&record[16]);
  if ((count == kCountIn64 || size == kIn64 || start == kIn64) && end >= kLocator64Bytes) {
    record = file_.text_at(end - kLocator64Bytes, kLocator64Bytes);
    if (value_at<uint32_t>(&record[0]) == kLocator64)
      record = file_.text_at(value_at<uint64_t>(&record[8]), kEnd64Bytes);
    if (record.size() != kEnd64Bytes || value_at<uint32_t>(&record[0]) != kEnd64)
      file_.damaged("its 64-bit end record is missing");
    count = value_at<uint64_t>(&record[32]);
    size = value_at<uint64_t>(&record[40]);
    start = value_at<uint64_t>(&record[48]);
  }
  if (start > end || size > end - start) file_.damaged("its table of contents lies beyond the end");
  parse(file_.text_at(start, size), count);
}

void ZipReader::parse(const std::string& directory, uint64_t count) {
  const auto need = [&](bool ok) { ok ? void() : file_.damaged("its contents table is broken"); };
  std::unordered_set<std::string> names;
  uint64_t at = 0, room = file_.size();
  for (uint64_t n = 0; n < count; ++n) {
    const std::string fixed = directory.substr(at, kCentralBytes);
    need(fixed.size() == kCentralBytes && value_at<uint32_t>(&fixed[0]) == kCentral);
    const auto half = [&](size_t from) { return value_at<uint16_t>(&fixed[from]); };
    const auto word = [&](size_t from) { return value_at<uint32_t>(&fixed[from]); };
    const uint64_t name = half(28), extra = half(30), comment = half(32);
    at += kCentralBytes;
    need(directory.size() - at >= name + extra + comment);
    ZipEntry entry{
        directory.substr(at, name), half(8), half(10), word(16), word(20), word(24), word(42)};
    // The zip64 field holds those of the three that do not fit, in this order.
    const uint64_t end = at + name + extra;
    for (uint64_t field = at + name, next; end - field >= 4; field = next) {
      next = field + 4 + value_at<uint16_t>(&directory[field + 2]);
      if (next > end) break;
      if (value_at<uint16_t>(&directory[field]) != kExtra64) continue;
      field += 4;
      for (uint64_t* value : {&entry.bytes, &entry.packed, &entry.offset}) {
        if (*value != kIn64 || field + 8 > next) continue;
        *value = value_at<uint64_t>(&directory[field]);
        field += 8;
      }
    }
    at = end + comment;
    if (!names.insert(entry.name).second)
      file_.damaged("two entries are named " + in_quotes(entry.name));
    need(entry.method != kStored || entry.bytes == entry.packed);
    if (entry.packed > room) file_.damaged(entry.name + ": reaches beyond the file's end");
    room -= entry.packed;
    entries_.push_back(std::move(entry));
  }
  need(at == directory.size());
}

uint64_t ZipReader::place_of(const ZipEntry& entry) const {
  const std::string header = file_.text_at(entry.offset, kLocalBytes + entry.name.size());
  if (header.size() < kLocalBytes || value_at<uint32_t>(&header[0]) != kLocal ||
      header.substr(kLocalBytes) != entry.name)
    file_.damaged(entry.name + ": has no header where the table of contents says");
  const uint64_t start = entry.offset + kLocalBytes + value_at<uint16_t>(&header[26]) +
                         value_at<uint16_t>(&header[28]);
  if (start > file_.size() || entry.packed > file_.size() - start)
    file_.damaged(entry.name + ": reaches beyond the file's end");
  return start;
}

void ZipReader::read(const ZipEntry& entry, const ByteSink& sink) const {
  const std::string where = file_.path().string() + ": " + entry.name;
  if (entry.flags & kEncrypted) throw Error(where + ": is encrypted; write it without a password");
  if (entry.method != kStored && entry.method != kDeflated)
    throw Error(where + ": is packed by method " + std::to_string(entry.method) +
                "; store or deflate it");
  std::vector<char> piece(1 << 17);
  uint64_t made = 0;
  uint32_t crc = 0;
  bool whole = true;
  const auto give = [&](const void* data, size_t n) {
    made += n;
    if (made > entry.bytes)
      file_.damaged(entry.name + ": is longer than the table of contents says");
    crc = crc32_of(data, n, crc);
    sink(data, n);
  };
  Unpacker unpacker(entry.method == kDeflated);
  const uint64_t start = place_of(entry);
  for (uint64_t at = 0, n; whole && at < entry.packed; at += n) {
    n = std::min<uint64_t>(entry.packed - at, piece.size());
    file_.read(start + at, piece.data(), n);
    whole = unpacker.unpack(piece.data(), n, give);
  }
  if (!whole || !unpacker.ended()) file_.damaged(entry.name + ": its deflate stream is broken");
  if (made != entry.bytes)
    file_.damaged(entry.name + ": is shorter than the table of contents says");
  if (crc != entry.crc) file_.damaged(entry.name + ": its checksum (CRC-32) differs");
}

}  // namespace latent
