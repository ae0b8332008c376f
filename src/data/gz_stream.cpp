#include "src/data/gz_stream.h"

#include <isa-l/igzip_lib.h>

#include <algorithm>

#include "src/base/bytes.h"
#include "src/base/error.h"

namespace latent {

namespace {

constexpr size_t kTrailer = 8;  // CRC-32 and length, RFC 1952
constexpr size_t kMostAtOnce = size_t{1} << 30;
constexpr uint8_t kFirst = 0x1f;       // of a member
constexpr uint32_t kReserved = 0xE0;   // flags of a header that RFC 1952 wants to be 0

const char* meaning(int error) {
  switch (error) {
    case ISAL_INVALID_WRAPPER: return "incorrect header check";
    case ISAL_UNSUPPORTED_METHOD: return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM: return "header crc mismatch";
    case ISAL_INVALID_BLOCK: return "invalid block";
    case ISAL_INVALID_SYMBOL: return "invalid code";
    case ISAL_INVALID_LOOKBACK: return "invalid distance too far back";
    default: return "inflate failed";
  }
}

}  // namespace

struct GzStream::State {
  enum class Part { kBetween, kHeader, kBody, kTrailer };

  explicit State(std::string path) : path_(std::move(path)) { isal_inflate_init(&z_); }

  void give(const char* data, size_t bytes);
  void inflate_into(TextBlock& out, size_t limit);
  bool needs_input() const { return z_.avail_in == 0 && !held_back_; }

  void pass_padding();
  void read_header();
  void inflate_body(TextBlock& out, size_t limit);
  void read_trailer();
  [[noreturn]] void damaged(const char* what) const;

  std::string path_;
  inflate_state z_;
  isal_gzip_header header_;
  Part part_ = Part::kBetween;
  bool held_back_ = false;  // z_ has more text of the input that it has taken
  std::string trailer_;     // as much of it as has come
};

void GzStream::State::give(const char* data, size_t bytes) {
  z_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(data));
  z_.avail_in = static_cast<uint32_t>(bytes);
}

void GzStream::State::damaged(const char* what) const {
  throw Error(path_ + ": damaged gz stream (" + what + "); fetch the file again");
}

/// gzip pads with zeros and joins members; anything else is not ours to guess at.
void GzStream::State::pass_padding() {
  if (*z_.next_in == 0) {
    ++z_.next_in;
    --z_.avail_in;
    return;
  }
  if (*z_.next_in != kFirst) damaged("incorrect header check");
  isal_inflate_reset(&z_);
  isal_gzip_header_init(&header_);
  part_ = Part::kHeader;
}

void GzStream::State::read_header() {
  const int status = isal_read_gzip_header(&z_, &header_);
  if (status < 0) damaged(meaning(status));
  if (status == ISAL_END_INPUT) return;
  if ((header_.flags & kReserved) != 0) damaged("unknown header flags set");
  z_.crc_flag = ISAL_GZIP_NO_HDR;  // sums what it inflates; comparing is up to read_trailer()
  part_ = Part::kBody;
}

void GzStream::State::inflate_body(TextBlock& out, size_t limit) {
  const size_t room = std::min(kMostAtOnce, limit - out.size());
  z_.next_out = reinterpret_cast<uint8_t*>(out.end());
  z_.avail_out = static_cast<uint32_t>(room);
  const int status = isal_inflate(&z_);
  if (status != ISAL_DECOMP_OK) damaged(meaning(status));
  out.grow(room - z_.avail_out);
  held_back_ = z_.avail_out == 0;
  if (z_.block_state != ISAL_BLOCK_FINISH) return;
  held_back_ = false;
  // Whole bytes that it took beyond the last block: never more than a trailer's.
  trailer_.clear();
  z_.read_in >>= z_.read_in_length % 8;
  for (z_.read_in_length /= 8; z_.read_in_length > 0; --z_.read_in_length, z_.read_in >>= 8)
    trailer_ += static_cast<char>(z_.read_in & 0xFF);
  part_ = Part::kTrailer;
  read_trailer();  // all of it may be there, with no input left
}

void GzStream::State::read_trailer() {
  const size_t more = std::min<size_t>(kTrailer - trailer_.size(), z_.avail_in);
  trailer_.append(reinterpret_cast<const char*>(z_.next_in), more);
  z_.next_in += more;
  z_.avail_in -= static_cast<uint32_t>(more);
  if (trailer_.size() < kTrailer) return;
  if (value_at<uint32_t>(&trailer_[0]) != z_.crc) damaged("incorrect data check");
  if (value_at<uint32_t>(&trailer_[4]) != z_.total_out) damaged("incorrect length check");
  part_ = Part::kBetween;
}

void GzStream::State::inflate_into(TextBlock& out, size_t limit) {
  while (!needs_input() && out.size() < limit) {
    switch (part_) {
      case Part::kBetween: pass_padding(); break;
      case Part::kHeader: read_header(); break;
      case Part::kBody: inflate_body(out, limit); break;
      case Part::kTrailer: read_trailer(); break;
    }
  }
}

GzStream::GzStream(std::string path) : state_(std::make_unique<State>(std::move(path))) {}
GzStream::~GzStream() = default;
void GzStream::give(const char* data, size_t bytes) { state_->give(data, bytes); }
void GzStream::inflate_into(TextBlock& out, size_t limit) { state_->inflate_into(out, limit); }
bool GzStream::needs_input() const { return state_->needs_input(); }
size_t GzStream::unused() const { return state_->z_.avail_in; }
bool GzStream::at_member_end() const { return state_->part_ == State::Part::kBetween; }

}  // namespace latent
