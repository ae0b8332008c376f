#include "src/base/text_writer.h"

#include <zlib.h>

#include <new>

namespace latent {

namespace {

constexpr size_t kBuffer = 1 << 20;

}  // namespace

/// A gz stream, as zlib's gzwrite makes it, into a file that may be a pipe.
class TextWriter::Gz {
 public:
  explicit Gz(AtomicFile& file) : file_(file), out_(kBuffer, '\0') {
    constexpr int kLevel = 6, kGzipWindow = 15 + 16, kMemory = 8;
    if (deflateInit2(&z_, kLevel, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~Gz() { deflateEnd(&z_); }
  Gz(const Gz&) = delete;
  Gz& operator=(const Gz&) = delete;

  /// Takes `text`; the stream's end goes with the last of it.
  void write(std::string_view text, bool last) {
    z_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    z_.avail_in = static_cast<uInt>(text.size());
    do {
      z_.next_out = reinterpret_cast<Bytef*>(out_.data());
      z_.avail_out = static_cast<uInt>(out_.size());
      deflate(&z_, last ? Z_FINISH : Z_NO_FLUSH);
      file_.write(out_.data(), out_.size() - z_.avail_out);
    } while (z_.avail_out == 0);
  }

 private:
  AtomicFile& file_;
  z_stream z_ = {};
  std::string out_;
};

TextWriter::TextWriter(const std::string& path) : file_(path) {
  if (path.ends_with(".gz")) gz_ = std::make_unique<Gz>(file_);
}

TextWriter::~TextWriter() = default;

void TextWriter::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBuffer) pass_on(/*last=*/false);
}

void TextWriter::pass_on(bool last) {
  if (gz_) {
    gz_->write(buffer_, last);
  } else {
    file_.write(buffer_);
  }
  buffer_.clear();
}

void TextWriter::commit() {
  pass_on(/*last=*/true);
  file_.commit();
}

std::string csv_field(std::string_view text) {
  // Blanks beside a separator would be taken for no part of the field.
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  const bool blank_at_an_end = !text.empty() && (is_blank(text.front()) || is_blank(text.back()));
  if (!blank_at_an_end && text.find_first_of(",\"\n\r") == std::string_view::npos)
    return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace latent
