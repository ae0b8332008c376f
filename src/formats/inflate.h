// Unpacks what archives hold: bytes as they are, or bare deflate streams (RFC 1951).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace latent {

/// Takes the next bytes of something.
using ByteSink = std::function<void(const void* data, size_t bytes)>;

/// Unpacks one stream that comes in pieces: by ISA-L (inflate.cpp) or by zlib (inflate_zlib.cpp).
class Unpacker {
 public:
  /// `deflated`: the bytes are a deflate stream; else they are handed on as they come. Throws Error
  /// where the build has nothing to inflate with (inflate_none.cpp).
  explicit Unpacker(bool deflated);
  ~Unpacker();

  /// Hands what the next `bytes` bytes unpack to to `sink`, in pieces. False: they are no deflate
  /// stream. Bytes after its end are passed over.
  bool unpack(const void* data, size_t bytes, const ByteSink& sink);
  /// Whether the stream, if it is one, has ended with the last byte that was given.
  bool ended() const;

 private:
  struct State;
  std::unique_ptr<State> state_;  ///< null: not deflated
  std::vector<unsigned char> out_;
  size_t passed_over_ = 0;
};

}  // namespace latent
