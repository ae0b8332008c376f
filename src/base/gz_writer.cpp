#include "src/base/gz_writer.h"

#include <zlib.h>

#include <new>
#include <string>

namespace latent {

struct GzWriter::State {
  explicit State(AtomicFile& to) : file(to), out(1 << 20, '\0') {}
  ~State() { deflateEnd(&z); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  AtomicFile& file;
  z_stream z = {};
  std::string out;
};

GzWriter::GzWriter(AtomicFile& file) : state_(std::make_unique<State>(file)) {
  constexpr int kLevel = 6, kGzipWindow = 15 + 16, kMemory = 8;
  if (deflateInit2(&state_->z, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    throw std::bad_alloc();
}
GzWriter::~GzWriter() = default;

void GzWriter::write(std::string_view text, bool last) {
  z_stream& z = state_->z;
  std::string& out = state_->out;
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  z.avail_in = static_cast<uInt>(text.size());
  do {
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, last ? Z_FINISH : Z_NO_FLUSH);
    state_->file.write(out.data(), out.size() - z.avail_out);
  } while (z.avail_out == 0);
}

}  // namespace latent
