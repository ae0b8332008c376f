#include "src/formats/inflate.h"

#include <isa-l/igzip_lib.h>

namespace latent {

namespace {
constexpr size_t kPiece = 1 << 17;
}

struct Unpacker::State : inflate_state {};

Unpacker::Unpacker(bool deflated) {
  if (!deflated) return;
  state_ = std::make_unique<State>();
  isal_inflate_init(state_.get());
  out_.resize(kPiece);
}
Unpacker::~Unpacker() = default;

bool Unpacker::unpack(const void* data, size_t bytes, const ByteSink& sink) {
  if (!state_) {
    sink(data, bytes);
    return true;
  }
  if (state_->block_state == ISAL_BLOCK_FINISH) {
    passed_over_ += bytes;
    return true;
  }
  state_->next_in = static_cast<unsigned char*>(const_cast<void*>(data));
  state_->avail_in = static_cast<uint32_t>(bytes);
  do {
    state_->next_out = out_.data();
    state_->avail_out = static_cast<uint32_t>(out_.size());
    if (isal_inflate(state_.get()) != ISAL_DECOMP_OK) return false;
    sink(out_.data(), out_.size() - state_->avail_out);
  } while (state_->avail_out == 0);
  return true;
}

bool Unpacker::ended() const {
  if (!state_) return true;
  // Whole bytes that were taken in, and are not of the stream, wait in read_in.
  return state_->block_state == ISAL_BLOCK_FINISH &&
         passed_over_ + state_->avail_in + static_cast<size_t>(state_->read_in_length) / 8 == 0;
}

}  // namespace latent
