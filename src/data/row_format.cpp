#include "src/data/row_format.h"

#include "src/base/error.h"
#include "src/data/file_kind.h"
#include "src/data/format_guess.h"

namespace latent {

namespace {

FileHead head_of(LineReader& reader) {
  constexpr size_t kSample = 100;
  FileHead head;
  head.path = reader.path();
  refuse_other_kinds(head.path, reader.ahead());
  const std::vector<std::string> comments = reader.skip_head();
  head.place = head.path + ":" + std::to_string(reader.line_number() + 1);
  refuse_other_kinds(head.place, reader.ahead());
  if (!comments.empty()) head.comment = trimmed(std::string_view(comments.back()).substr(1));
  head.lines = reader.peek(kSample);
  std::erase_if(head.lines, [](const std::string& line) {
    return line.find_first_not_of(" \t") == std::string::npos;
  });
  if (head.lines.empty() && !comments.empty())
    throw Error(head.path + ": no rows in the file; all lines begin with # or %, as comments do");
  if (head.lines.empty()) throw Error(head.path + ": no rows in the file");
  return head;
}

}  // namespace

std::unique_ptr<RowFormat> open_format(LineReader& reader, const DataOptions& options,
                                       bool need_time, const FormatInfo* like) {
  const FileHead head = head_of(reader);
  const FormatGuess guess = guess_format(head.place, head.lines, options, like);
  if (guess.format == "adjacency") return open_adjacency_format(head, options);
  if (guess.format == "matrixmarket") return open_matrix_market(head, options);
  if (guess.format == "netflix") return open_netflix(head, options, need_time);
  if (guess.format == "json" || guess.format == "pydict")
    return open_object_format(head, guess.format, options, need_time);
  FormatInfo info;
  info.format = guess.format;
  info.separator = guess.separator;
  return open_delimited_format(head, info, options, need_time, like);
}

}  // namespace latent
