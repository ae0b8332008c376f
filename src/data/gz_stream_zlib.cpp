// gz streams by zlib, in a build without ISA-L: the same errors, at a third of the speed.
#include <zlib.h>

#include <algorithm>

#include "src/base/error.h"
#include "src/data/gz_stream.h"

namespace latent {

namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib reads header and trailer, and checks both
constexpr size_t kMostAtOnce = size_t{1} << 30;

}  // namespace

struct GzStream::State {
  explicit State(std::string path) : path_(std::move(path)) {
    if (inflateInit2(&z_, kGzipWindow) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(&z_); }

  /// gzip pads with zeros and joins members.
  void pass_padding() {
    if (*z_.next_in == 0) {
      ++z_.next_in;
      --z_.avail_in;
      return;
    }
    inflateReset(&z_);
    in_member_ = true;
  }

  void inflate(TextBlock& out, size_t limit) {
    const size_t room = std::min(kMostAtOnce, limit - out.size());
    z_.next_out = reinterpret_cast<Bytef*>(out.end());
    z_.avail_out = static_cast<uInt>(room);
    const int status = ::inflate(&z_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      const std::string what = z_.msg == nullptr ? "inflate failed" : z_.msg;
      throw Error(path_ + ": damaged gz stream (" + what + "); fetch the file again");
    }
    out.grow(room - z_.avail_out);
    in_member_ = status != Z_STREAM_END;
    held_back_ = in_member_ && z_.avail_out == 0;
  }

  std::string path_;
  z_stream z_ = {};
  bool in_member_ = false, held_back_ = false;
};

GzStream::GzStream(std::string path) : state_(std::make_unique<State>(std::move(path))) {}
GzStream::~GzStream() = default;

void GzStream::give(const char* data, size_t bytes) {
  state_->z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data));
  state_->z_.avail_in = static_cast<uInt>(bytes);
}

void GzStream::inflate_into(TextBlock& out, size_t limit) {
  while (!needs_input() && out.size() < limit) {
    if (state_->in_member_) {
      state_->inflate(out, limit);
    } else {
      state_->pass_padding();
    }
  }
}

bool GzStream::needs_input() const { return state_->z_.avail_in == 0 && !state_->held_back_; }
size_t GzStream::unused() const { return state_->z_.avail_in; }
bool GzStream::at_member_end() const { return !state_->in_member_; }

}  // namespace latent
