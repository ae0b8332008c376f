// A record's fields: RFC 4180 quotes with commas, plain separators otherwise.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latent {

class Splitter {
 public:
  /// Quotes are read for "," alone.
  explicit Splitter(std::string separator)
      : separator_(std::move(separator)), quotes_(separator_ == ",") {}

  /// Fields of `line`, valid until the next call; false when a quoted field is still open at the
  /// end of `line`: append the next line and call again. Throws RowError for text after a closing
  /// quote.
  bool split(std::string_view line, std::vector<std::string_view>& fields);

 private:
  size_t find(std::string_view line, size_t at) const;
  bool split_quoted(std::string_view line, std::vector<std::string_view>& fields);

  std::string separator_;
  bool quotes_;
  std::string text_;
};

}  // namespace latent
