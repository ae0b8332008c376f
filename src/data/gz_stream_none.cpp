// What a build without zlib says of a gz file.
#include "src/base/error.h"
#include "src/data/gz_stream.h"

namespace latent {

struct GzStream::State {};

GzStream::GzStream(std::string path) {
  throw Error(path + ": a gz file, which this build cannot read since it has no zlib; unpack the "
              "file first, or install zlib1g-dev and build again");
}
GzStream::~GzStream() = default;

// Nobody has a stream to ask.
void GzStream::give(const char*, size_t) {}
void GzStream::inflate_into(TextBlock&, size_t) {}
bool GzStream::needs_input() const { return true; }
size_t GzStream::unused() const { return 0; }
bool GzStream::at_member_end() const { return true; }

}  // namespace latent
