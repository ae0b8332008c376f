#include "src/base/text_writer.h"

#include "src/base/gz_writer.h"

namespace latent {

namespace {

constexpr size_t kBuffer = 1 << 20;

}  // namespace

TextWriter::TextWriter(const std::string& path) : file_(path) {
  if (path.ends_with(".gz")) gz_ = std::make_unique<GzWriter>(file_);
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
