// What a build without zlib says where a .gz is to be written.
#include "src/base/error.h"
#include "src/base/gz_writer.h"

namespace latent {

struct GzWriter::State {};

GzWriter::GzWriter(AtomicFile&) {
  throw Error("this build has no zlib, so it writes no .gz files; leave .gz off the name, or "
              "install zlib1g-dev and build again");
}
GzWriter::~GzWriter() = default;

void GzWriter::write(std::string_view, bool) {}

}  // namespace latent
