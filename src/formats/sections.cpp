#include "src/formats/sections.h"

#include <cstring>

#include "src/base/error.h"
#include "src/base/json_text.h"
#include "src/base/parallel.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

constexpr uint64_t kMagic = 8;
constexpr uint64_t kPiece = 1 << 17;  // summed while it is in the second-level cache

}  // namespace

SectionsWriter::SectionsWriter(const std::filesystem::path& path, std::string_view magic,
                               std::string_view header)
    : file_(path) {
  const uint64_t size = header.size();
  add(magic.data(), kMagic);
  add(&size, sizeof size);
  add(header.data(), size);
}

void SectionsWriter::add(const void* data, uint64_t bytes) {
  const char* at = static_cast<const char*>(data);
  for (uint64_t piece; bytes > 0; at += piece, bytes -= piece) {
    piece = std::min(bytes, kPiece);
    crc_ = crc32_of(at, piece, crc_);
    file_.write(at, piece);
  }
}

void SectionsWriter::commit() {
  file_.write(&crc_, sizeof crc_);
  file_.commit();
}

SectionsReader::SectionsReader(const std::filesystem::path& path, std::string_view magic,
                               std::string what)
    : file_(path), what_(std::move(what)), left_(file_.size()) {
  char found[kMagic];
  uint64_t header_size = 0;
  if (left_ < sizeof found) throw Error(path.string() + ": not a " + what_ + " of latent");
  next(found, sizeof found);
  read(parts_.back());
  if (std::memcmp(found, magic.data(), kMagic - 1) != 0)
    throw Error(path.string() + ": not a " + what_ + " of latent");
  if (found[kMagic - 1] != magic[kMagic - 1])
    throw Error(path.string() + ": a " + what_ + " of version " +
                in_quotes(std::string(1, found[kMagic - 1])) + ", which " +
                (found[kMagic - 1] > magic[kMagic - 1] ? "a newer" : "an earlier") +
                " latent wrote; this one reads version " + magic[kMagic - 1]);
  next(&header_size, sizeof header_size);
  read(parts_.back());
  if (header_size > left_ || left_ - header_size < sizeof(uint32_t)) fail_cut_short();
  std::string text(header_size, '\0');
  next(text.data(), header_size);
  read(parts_.back());
  left_ -= sizeof(uint32_t);
  header_ = json_of(text);
}

void SectionsReader::fail_cut_short() const {
  throw Error(file_.path().string() + ": the " + what_ + " is cut short");
}

void SectionsReader::fail_damaged() const {
  throw Error(file_.path().string() + ": the " + what_ + " is damaged (checksum)");
}

void SectionsReader::add(uint64_t bytes, char* to, Sink sink) {
  if (bytes > left_) fail_cut_short();
  parts_.push_back({at_, bytes, to, std::move(sink)});
  at_ += bytes;
  left_ -= bytes;
}

void SectionsReader::next(void* to, uint64_t bytes) { add(bytes, static_cast<char*>(to), {}); }

void SectionsReader::read(Part& part) const {
  std::vector<char> buffer(part.to != nullptr ? 0 : std::min(part.bytes, kPiece));
  for (uint64_t had = 0, piece; had < part.bytes; had += piece) {
    piece = std::min(part.bytes - had, kPiece);
    char* const to = part.to != nullptr ? part.to + had : buffer.data();
    file_.read(part.from + had, to, piece);
    part.crc = crc32_of(to, piece, part.crc);
    if (part.sink) part.sink(to, piece);
  }
}

void SectionsReader::finish() {
  constexpr size_t kHead = 3;  // magic, header's length and header have been read
  parallel_chunks(static_cast<int64_t>(parts_.size() - kHead), 0,
                  [&](int64_t n) { read(parts_[kHead + static_cast<size_t>(n)]); });
  uint32_t stored = 0, crc = 0;
  file_.read(at_ + left_, &stored, sizeof stored);
  for (const Part& part : parts_) crc = joined_crc32(crc, part.crc, part.bytes);
  if (stored != crc || left_ != 0) fail_damaged();
}

}  // namespace latent
