#include "src/base/text_writer.h"

#include <zlib.h>

#include "src/base/error.h"

namespace latent {

namespace {

constexpr size_t kBuffer = 1 << 20;

}  // namespace

struct TextWriter::Gz {
  explicit Gz(const std::string& temporary) : file(gzopen(temporary.c_str(), "wb6")) {}
  ~Gz() {
    if (file != nullptr) gzclose(file);
  }
  gzFile file;
};

TextWriter::TextWriter(const std::string& path) : path_(path), file_(path) {
  if (path.ends_with(".gz")) {
    gz_ = std::make_unique<Gz>(
        file_.temporary().string());  // zlib opens by name what file_ has claimed
    if (gz_->file == nullptr) throw errno_error(path, "cannot write");
  }
}

TextWriter::~TextWriter() = default;

void TextWriter::write(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() < kBuffer) return;
  if (!gz_) {
    file_.write(buffer_);
  } else if (gzwrite(gz_->file, buffer_.data(), static_cast<unsigned>(buffer_.size())) !=
             static_cast<int>(buffer_.size())) {
    throw errno_error(path_, "cannot write");
  }
  buffer_.clear();
}

void TextWriter::commit() {
  if (!gz_) {
    file_.write(buffer_);
  } else {
    const bool written = buffer_.empty() || gzwrite(gz_->file, buffer_.data(),
                                                    static_cast<unsigned>(buffer_.size())) > 0;
    const bool closed = gzclose(gz_->file) == Z_OK;
    gz_->file = nullptr;
    if (!written || !closed) throw errno_error(path_, "cannot write");
  }
  file_.commit();
}

std::string csv_field(std::string_view text) {
  // Blanks beside a separator would be taken for no part of the field.
  const bool blank_at_an_end = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!blank_at_an_end && text.find_first_of(",\"\n\r") == std::string_view::npos)
    return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace latent
