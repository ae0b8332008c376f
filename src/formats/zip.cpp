#include "src/formats/zip.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "src/base/error.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "fields are copied as they lie");

// APPNOTE.TXT, "General format of a .ZIP file": signatures and the lengths of the fixed parts.
constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr uint64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22;
constexpr uint64_t kEnd64Bytes = 56, kLocator64Bytes = 20;
constexpr uint16_t kStored = 0, kDeflated = 8, kPlainVersion = 20, kZip64Version = 45;
constexpr uint16_t kExtra64 = 1, kEncrypted = 1, kUtf8Names = 1 << 11;
constexpr uint16_t kMadeBy = 3 << 8 | kPlainVersion, kMadeBy64 = 3 << 8 | kZip64Version;  // Unix
constexpr uint16_t kMidnight = 0, kFirstDay = 0x21;  // 1 January 1980, as np.savez writes
constexpr uint32_t kRegularFile = 0100644u << 16;
constexpr uint32_t kIn64 = 0xFFFFFFFF;
constexpr uint16_t kCountIn64 = 0xFFFF;

template <typename... T>
void append(std::string& out, T... values) {
  (out.append(reinterpret_cast<const char*>(&values), sizeof values), ...);
}

template <typename T>
T get(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// The fields that a local header and a table-of-contents entry share, from the version on.
/// `extra`: bytes of the 64-bit field's values; 0: none is needed.
void append_description(std::string& out, size_t name_bytes, uint32_t crc, uint64_t bytes,
                        uint16_t extra) {
  const uint32_t narrow = extra > 0 ? kIn64 : static_cast<uint32_t>(bytes);
  append(out, extra > 0 ? kZip64Version : kPlainVersion, kUtf8Names, kStored, kMidnight, kFirstDay,
         crc, narrow, narrow, static_cast<uint16_t>(name_bytes),
         static_cast<uint16_t>(extra > 0 ? extra + 4 : 0));
}

std::string bytes_at(std::ifstream& file, uint64_t offset, uint64_t bytes) {
  std::string out(bytes, '\0');
  file.clear();
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(out.data(), static_cast<std::streamsize>(bytes));
  out.resize(static_cast<size_t>(std::max<std::streamsize>(file.gcount(), 0)));
  return out;
}

}  // namespace

ZipWriter::ZipWriter(const fs::path& path, uint64_t zip64_from)
    : path_(path), file_(path), zip64_from_(zip64_from) {}

void ZipWriter::put(const void* data, size_t bytes) {
  file_.write(data, bytes);
  offset_ += bytes;
}

void ZipWriter::add(const std::string& name, uint64_t bytes,
                    const std::function<void(const Sink&)>& produce) {
  for (const Written& w : written_) {
    if (w.name == name) throw Error(path_.string() + ": two entries named " + in_quotes(name));
  }
  Written entry{name, 0, bytes, offset_};
  produce([&](const void* data, size_t n) { entry.crc = crc32_of(data, n, entry.crc); });

  const uint16_t extra = bytes >= zip64_from_ ? 16 : 0;
  std::string header;
  append(header, kLocal);
  append_description(header, name.size(), entry.crc, bytes, extra);
  header += name;
  if (extra > 0) append(header, kExtra64, extra, bytes, bytes);
  put(header.data(), header.size());
  produce([&](const void* data, size_t n) { put(data, n); });
  written_.push_back(std::move(entry));
}

void ZipWriter::commit() {
  std::string directory;
  for (const Written& w : written_) {
    const uint16_t extra = w.bytes >= zip64_from_ || w.offset >= zip64_from_ ? 24 : 0;
    append(directory, kCentral, extra > 0 ? kMadeBy64 : kMadeBy);
    append_description(directory, w.name.size(), w.crc, w.bytes, extra);
    append(directory, /*comment*/ uint16_t{0}, /*disk*/ uint16_t{0}, /*internal*/ uint16_t{0},
           kRegularFile, extra > 0 ? kIn64 : static_cast<uint32_t>(w.offset));
    directory += w.name;
    if (extra > 0) append(directory, kExtra64, extra, w.bytes, w.bytes, w.offset);
  }
  const uint64_t start = offset_, size = directory.size(), count = written_.size();
  const bool wide = start >= zip64_from_ || size >= zip64_from_ || count >= kCountIn64;
  constexpr uint32_t kFirstDisk = 0;
  if (wide) {
    append(directory, kEnd64, uint64_t{kEnd64Bytes - 12}, kMadeBy64, kZip64Version, kFirstDisk,
           kFirstDisk, count, count, size, start);
    append(directory, kLocator64, kFirstDisk, start + size, /*disks*/ uint32_t{1});
  }
  const auto narrow_count = wide ? kCountIn64 : static_cast<uint16_t>(count);
  append(directory, kEnd, kFirstDisk, narrow_count, narrow_count,
         wide ? kIn64 : static_cast<uint32_t>(size), wide ? kIn64 : static_cast<uint32_t>(start),
         /*comment*/ uint16_t{0});
  put(directory.data(), directory.size());
  file_.commit();
}

void ZipReader::cut_short(const std::string& what) const {
  throw Error(path_.string() + ": " + what + ": the file is cut short or damaged; copy it again");
}

ZipReader::ZipReader(const fs::path& path) : path_(path) {
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) throw Error(path.string() + ": is a folder; give a file");
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw errno_error(path.string(), "cannot open");
  file.seekg(0, std::ios::end);
  file_bytes_ = static_cast<uint64_t>(std::max<std::streamoff>(file.tellg(), 0));

  const std::string head = bytes_at(file, 0, std::min<uint64_t>(file_bytes_, 6));
  if (head.rfind("\x93NUMPY", 0) == 0)
    throw Error(path.string() +
                ": is a single array (.npy); write it with np.savez(file, name=...)");
  if (head.rfind("PK", 0) != 0)
    throw Error(path.string() + ": is not an .npz (zip) file; give one that np.savez wrote");
  // The end record is the last thing in the file, but for a comment of up to 65535 bytes.
  const std::string tail = bytes_at(file, file_bytes_ - std::min(file_bytes_, kEndBytes + 65535),
                                    std::min(file_bytes_, kEndBytes + 65535));
  int64_t at = static_cast<int64_t>(tail.size()) - static_cast<int64_t>(kEndBytes);
  while (at >= 0 && (get<uint32_t>(&tail[at]) != kEnd ||
                     at + kEndBytes + get<uint16_t>(&tail[at + 20]) != tail.size())) {
    --at;
  }
  if (at < 0) cut_short("its table of contents is missing");
  uint64_t count = get<uint16_t>(&tail[at + 10]), size = get<uint32_t>(&tail[at + 12]),
           start = get<uint32_t>(&tail[at + 16]);
  if (count == kCountIn64 || size == kIn64 || start == kIn64) {
    const uint64_t end = file_bytes_ - tail.size() + static_cast<uint64_t>(at);
    std::string record;
    if (end >= kLocator64Bytes) record = bytes_at(file, end - kLocator64Bytes, kLocator64Bytes);
    if (record.size() == kLocator64Bytes && get<uint32_t>(record.data()) == kLocator64) {
      const auto where = get<uint64_t>(&record[8]);
      record = where <= end ? bytes_at(file, where, std::min(kEnd64Bytes, end - where)) : "";
      if (record.size() != kEnd64Bytes || get<uint32_t>(record.data()) != kEnd64)
        cut_short("its 64-bit end record is missing");
      count = get<uint64_t>(&record[32]);
      size = get<uint64_t>(&record[40]);
      start = get<uint64_t>(&record[48]);
    }
  }
  if (start > file_bytes_ || size > file_bytes_ - start)
    cut_short("its table of contents lies beyond the end");
  const std::string directory = bytes_at(file, start, size);
  if (directory.size() != size) cut_short("its table of contents cannot be read");
  read_directory(directory, count);
}

void ZipReader::read_directory(const std::string& directory, uint64_t count) {
  uint64_t at = 0;
  for (uint64_t n = 0; n < count; ++n) {
    if (directory.size() - at < kCentralBytes || get<uint32_t>(&directory[at]) != kCentral)
      cut_short("its table of contents is broken");
    const char* const fixed = &directory[at];
    const uint64_t name = get<uint16_t>(fixed + 28), extra = get<uint16_t>(fixed + 30),
                   comment = get<uint16_t>(fixed + 32);
    if (directory.size() - at - kCentralBytes < name + extra + comment)
      cut_short("its table of contents is broken");
    ZipEntry entry{directory.substr(at + kCentralBytes, name),
                   get<uint16_t>(fixed + 8),
                   get<uint16_t>(fixed + 10),
                   get<uint32_t>(fixed + 16),
                   get<uint32_t>(fixed + 20),
                   get<uint32_t>(fixed + 24),
                   get<uint32_t>(fixed + 42)};
    // The zip64 field holds those of the three that do not fit, in this order.
    uint64_t field = at + kCentralBytes + name;
    const uint64_t end = field + extra;
    while (end - field >= 4) {
      const auto tag = get<uint16_t>(&directory[field]),
                 length = get<uint16_t>(&directory[field + 2]);
      field += 4;
      if (length > end - field) break;
      uint64_t value = field;
      for (uint64_t* wide : {&entry.bytes, &entry.packed, &entry.offset}) {
        if (tag != kExtra64 || *wide != kIn64 || value + 8 > field + length) continue;
        *wide = get<uint64_t>(&directory[value]);
        value += 8;
      }
      field += length;
    }
    entries_.push_back(std::move(entry));
    at += kCentralBytes + name + extra + comment;
  }
}

ZipStream::ZipStream(const ZipReader& archive, const ZipEntry& entry)
    : where_(archive.path().string() + ": " + entry.name),
      packed_left_(entry.packed),
      left_(entry.bytes),
      expected_crc_(entry.crc),
      deflated_(entry.method == kDeflated) {
  if (entry.flags & kEncrypted) throw Error(where_ + ": is encrypted; write it without a password");
  if (entry.method != kStored && entry.method != kDeflated)
    throw Error(where_ + ": is packed by method " + std::to_string(entry.method) +
                "; write it with np.savez or np.savez_compressed");
  errno = 0;
  file_.open(archive.path(), std::ios::binary);
  if (!file_) throw errno_error(archive.path().string(), "cannot open");
  const uint64_t all = archive.file_bytes();
  if (entry.offset > all || all - entry.offset < kLocalBytes) fail("lies beyond the file's end");
  const std::string header = bytes_at(file_, entry.offset, kLocalBytes);
  if (header.size() != kLocalBytes || get<uint32_t>(header.data()) != kLocal)
    fail("has no header where the table of contents says");
  const uint64_t start =
      entry.offset + kLocalBytes + get<uint16_t>(&header[26]) + get<uint16_t>(&header[28]);
  if (start > all || entry.packed > all - start) fail("reaches beyond the file's end");
  // Deflate packs at most 1032 to 1: a size beyond that would only make the reader reserve it.
  if (deflated_ ? entry.bytes / 1032 > entry.packed : entry.bytes != entry.packed)
    fail("has sizes that contradict each other");
  file_.seekg(static_cast<std::streamoff>(start));
  if (deflated_ && ::inflateInit2(&z_, -MAX_WBITS) != Z_OK) fail("cannot be unpacked");
}

ZipStream::~ZipStream() {
  if (deflated_) ::inflateEnd(&z_);
}

void ZipStream::fail(const std::string& what) const {
  throw Error(where_ + ": " + what + ": the file is cut short or damaged; copy it again");
}

void ZipStream::read_packed(void* out, size_t bytes) {
  if (bytes > packed_left_ ||
      !file_.read(static_cast<char*>(out), static_cast<std::streamsize>(bytes)))
    fail("ends too early");
  packed_left_ -= bytes;
}

size_t ZipStream::inflate_some(unsigned char* out, size_t bytes) {
  constexpr size_t kPackedChunk = 1 << 16;
  if (z_.avail_in == 0 && packed_left_ > 0) {
    packed_.resize(static_cast<size_t>(std::min<uint64_t>(packed_left_, kPackedChunk)));
    read_packed(packed_.data(), packed_.size());
    z_.next_in = packed_.data();
    z_.avail_in = static_cast<uInt>(packed_.size());
  }
  const auto room = static_cast<uInt>(std::min<size_t>(bytes, 1u << 30));
  z_.next_out = out;
  z_.avail_out = room;
  const int state = ::inflate(&z_, Z_NO_FLUSH);
  const size_t got = room - z_.avail_out;
  stream_ended_ = state == Z_STREAM_END;
  const bool more = z_.avail_in > 0 || packed_left_ > 0;
  if (!stream_ended_ && (state != Z_OK || (got == 0 && !more)))
    fail("its deflate stream is broken");
  return got;
}

void ZipStream::read(void* out, size_t bytes) {
  if (bytes > left_) fail("ends too early");
  auto* to = static_cast<unsigned char*>(out);
  for (size_t done = 0; done < bytes;) {
    if (stream_ended_) fail("its deflate stream is broken");
    size_t got = bytes - done;
    if (deflated_) {
      got = inflate_some(to + done, got);
    } else {
      read_packed(to + done, got);
    }
    done += got;
  }
  crc_ = crc32_of(out, bytes, crc_);
  left_ -= bytes;
}

void ZipStream::finish() {
  if (left_ != 0) fail("holds more than its array");
  if (deflated_) {
    // The mark that ends the stream may lie behind the last byte of content.
    unsigned char beyond;
    while (!stream_ended_) {
      if (inflate_some(&beyond, 1) > 0) fail("its deflate stream is broken");
    }
    if (z_.avail_in > 0 || packed_left_ > 0) fail("its deflate stream is broken");
  }
  if (crc_ != expected_crc_) fail("its checksum (CRC-32) differs");
}

}  // namespace latent
