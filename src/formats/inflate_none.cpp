// Archives in a build without zlib: members that are stored as they are.
#include "src/base/error.h"
#include "src/formats/inflate.h"

namespace latent {

struct Unpacker::State {};

Unpacker::Unpacker(bool deflated) {
  if (deflated)
    throw Error("an archive has a compressed member, which this build cannot read since it has no "
                "zlib; write it uncompressed, or install zlib1g-dev and build again");
}
Unpacker::~Unpacker() = default;

bool Unpacker::unpack(const void* data, size_t bytes, const ByteSink& sink) {
  sink(data, bytes);
  return true;
}

bool Unpacker::ended() const { return true; }

}  // namespace latent
