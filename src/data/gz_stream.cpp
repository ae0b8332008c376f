#include "src/data/gz_stream.h"

#include <algorithm>
#include <cstring>

#include "src/base/error.h"
#include "src/base/file.h"
#include "src/formats/crc32.h"

namespace latent {

namespace {

constexpr size_t kTrailer = 8;  // CRC-32 and length, RFC 1952
constexpr size_t kPiece = 1 << 17;  // checked while it is still in the second-level cache

uint32_t little_endian(const char* at) {
  uint32_t value = 0;
  for (int n = 3; n >= 0; --n) value = value << 8 | static_cast<unsigned char>(at[n]);
  return value;
}

}  // namespace

GzStream::GzStream(const std::string& path) : path_(path) {
  if (inflateInit2(&z_, 15 + 16) != Z_OK) throw Error(path_ + ": out of memory for inflate");
}

GzStream::~GzStream() { inflateEnd(&z_); }

void GzStream::give(const char* data, size_t bytes) {
  input_ = data;
  z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data));
  z_.avail_in = static_cast<uInt>(bytes);
}

void GzStream::begin_member() {
  inflateReset(&z_);
  inflateValidate(&z_, 1);  // of a header's own checksum
  part_ = Part::kHeader;
}

void GzStream::damaged(const char* what) const {
  throw Error(path_ + ": damaged gz stream (" + what + "); fetch the file again");
}

void GzStream::check_trailer() const {
  // zlib has taken the trailer and nothing after it.
  std::string last = before_;
  last.append(input_, reinterpret_cast<const char*>(z_.next_in) - input_);
  const char* const trailer = last.data() + last.size() - kTrailer;
  if (little_endian(trailer) != crc_) damaged("incorrect data check");
  if (little_endian(trailer + 4) != bytes_) damaged("incorrect length check");
}

void GzStream::inflate_into(TextBlock& out, size_t limit) {
  while (!needs_input() && out.size() < limit) {
    if (part_ == Part::kBetween) {
      // gzip pads with zeros and joins members; anything else is not ours to guess at.
      if (*z_.next_in == 0) {
        ++z_.next_in;
        --z_.avail_in;
        continue;
      }
      begin_member();
    }
    const size_t room = std::min(kPiece, limit - out.size());
    z_.next_out = reinterpret_cast<Bytef*>(out.end());
    z_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&z_, part_ == Part::kHeader ? Z_BLOCK : Z_NO_FLUSH);
    const size_t made = room - z_.avail_out;
    held_back_ = z_.avail_out == 0;
    if (part_ == Part::kBody) {
      crc_ = crc32_of(out.end(), made, crc_);
      bytes_ += static_cast<uint32_t>(made);
    }
    out.grow(made);
    if (status == Z_STREAM_END) {
      check_trailer();
      part_ = Part::kBetween;
      held_back_ = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      damaged(z_.msg != nullptr ? z_.msg : "inflate failed");
    } else if (part_ == Part::kHeader && (z_.data_type & 128) != 0) {  // the header is read
      part_ = Part::kBody;
      inflateValidate(&z_, 0);
      crc_ = bytes_ = 0;
    }
  }
  if (z_.avail_in != 0 || input_ == nullptr) return;
  // This input is about to be replaced.
  const size_t used = reinterpret_cast<const char*>(z_.next_in) - input_;
  before_.append(input_ + used - std::min(used, kTrailer), std::min(used, kTrailer));
  before_.erase(0, before_.size() - std::min(before_.size(), kTrailer));
  input_ += used;
}

}  // namespace latent
