// A record's fields: RFC 4180 quotes, any separator, blanks around fields taken away.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latent {

class Splitter {
 public:
  /// " " stands for any run of blanks. With "," and ";", where quotes are the rule, a field that
  /// begins with a quote must end with one, if need be lines later; with other separators one that
  /// does not end so on its line is plain text ("Weird Al" Yankovic).
  explicit Splitter(std::string separator)
      : separator_(std::move(separator)),
        strict_(separator_ == "," || separator_ == ";"),
        blanks_(separator_ == "\t" ? " " : " \t") {}

  /// Fields of `line`, valid until the next call; false when a quoted field is still open at the
  /// end of `line`: append the next line and call again. Throws RowError for text after a closing
  /// quote.
  bool split(std::string_view line, std::vector<std::string_view>& fields);

  /// A record whose quoted field goes on in the lines that follow.
  struct LongRecord {
    std::string text;     ///< its lines so far
    size_t looked_at = 0;
  };
  enum class Grown { kOpen, kWhole, kEndless };
  /// Adds a line to it. kWhole: `fields` are those of the record, as split() gives them. kEndless:
  /// it has come to so much that the field was never closed.
  Grown grow(LongRecord& record, std::string_view line, std::vector<std::string_view>& fields);

  const std::string& separator() const { return separator_; }

 private:
  enum class Quoted { kWhole, kOpen, kNone };

  size_t find(std::string_view line, size_t at) const;
  std::string_view bare(std::string_view text) const;
  size_t after_blanks(std::string_view line, size_t at) const;
  Quoted quoted_field(std::string_view line, size_t& at);
  bool split_quoted(std::string_view line, std::vector<std::string_view>& fields);

  std::string separator_;
  bool strict_;
  const char* blanks_;  // that are no part of an unquoted field
  std::string text_;
};

/// The separator that data.separator stands for: a backslash and a t are a tab.
std::string separator_text(const std::string& knob);

/// The records of the first `lines`, as far as they are whole; rows of empty fields are left out.
std::vector<std::vector<std::string>> split_sample(const std::vector<std::string>& lines,
                                                   const std::string& separator);

/// Fields without the empty ones at the end.
size_t filled_fields(const std::vector<std::string>& row);

}  // namespace latent
