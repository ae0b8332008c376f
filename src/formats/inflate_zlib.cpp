// Deflate streams by zlib, in a build without ISA-L.
#include <zlib.h>

#include <new>

#include "src/formats/inflate.h"

namespace latent {

namespace {
constexpr size_t kPiece = 1 << 17;
}

struct Unpacker::State : z_stream {
  State() : z_stream() {
    constexpr int kBareWindow = -15;
    if (inflateInit2(this, kBareWindow) != Z_OK) throw std::bad_alloc();
  }
  ~State() { inflateEnd(this); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  bool finished = false;
};

Unpacker::Unpacker(bool deflated) {
  if (!deflated) return;
  state_ = std::make_unique<State>();
  out_.resize(kPiece);
}
Unpacker::~Unpacker() = default;

bool Unpacker::unpack(const void* data, size_t bytes, const ByteSink& sink) {
  if (!state_) {
    sink(data, bytes);
    return true;
  }
  if (state_->finished) {
    passed_over_ += bytes;
    return true;
  }
  state_->next_in = static_cast<Bytef*>(const_cast<void*>(data));
  state_->avail_in = static_cast<uInt>(bytes);
  do {
    state_->next_out = out_.data();
    state_->avail_out = static_cast<uInt>(out_.size());
    const int status = ::inflate(state_.get(), Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return false;
    sink(out_.data(), out_.size() - state_->avail_out);
    state_->finished = status == Z_STREAM_END;
  } while (state_->avail_out == 0 && !state_->finished);
  return true;
}

bool Unpacker::ended() const {
  return !state_ || (state_->finished && passed_over_ + state_->avail_in == 0);
}

}  // namespace latent
