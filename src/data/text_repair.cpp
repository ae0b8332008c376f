#include "src/data/text_repair.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "src/base/utf8.h"
#include "src/data/row.h"

namespace latent {

namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF";

/// More CRs that no LF follows than LFs: then they are the line ends.
bool cr_ends_lines(std::string_view text) {
  if (text.find('\r') == std::string_view::npos) return false;
  int64_t alone = 0, line_feeds = 0;
  for (size_t n = 0; n < text.size(); ++n) {
    line_feeds += text[n] == '\n';
    alone += text[n] == '\r' && n + 1 < text.size() && text[n + 1] != '\n';
  }
  // One at the very end may be half of a CRLF.
  if (line_feeds == 0 && text.back() == '\r') ++alone;
  return alone > line_feeds;
}

}  // namespace

void TextRepair::apply(TextBlock& block) {
  if (!begun_ && block.size() > 0) {
    cr_ends_lines_ = cr_ends_lines(block.text());
    if (latin1_ && block.text().starts_with(kMark)) latin1_ = false;  // it says that it is UTF-8
    begun_ = true;
  }
  if (cr_ends_lines_) std::replace(block.end() - block.size(), block.end(), '\r', '\n');
  if (latin1_) to_utf8(block);
}

void TextRepair::to_utf8(TextBlock& block) const {
  const std::string_view text = block.text();
  if (std::none_of(text.begin(), text.end(),
                   [](char c) { return static_cast<signed char>(c) < 0; }))
    return;
  TextBlock out;
  out.reserve(2 * text.size());
  out.append(utf8_of_latin1(text));
  out.file_bytes = block.file_bytes;
  block = std::move(out);
}

}  // namespace latent
