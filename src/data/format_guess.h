// Which format the lines at the head of a file are of; which separator they have.
#pragma once

#include <string>
#include <vector>

#include "src/data/row_format.h"

namespace latent {

struct FormatGuess {
  std::string format;     ///< a value of data.format other than auto
  std::string separator;  ///< of delimited formats
};

/// `lines` are not blank; `place` is where the first of them stands ("ratings.csv:1"), `like` the
/// file before, whose kind decides where these lines alone would not. Throws Error where two
/// readings make sense, or none does.
FormatGuess guess_format(const std::string& place, const std::vector<std::string>& lines,
                         const DataOptions& options, const FormatInfo* like);

/// "a tab", "','", "blanks": for messages.
std::string separator_name(const std::string& separator);

/// The best of the usual separators for a side file of titles.
std::string guess_title_separator(const std::vector<std::string>& lines);

}  // namespace latent
