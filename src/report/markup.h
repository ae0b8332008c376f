// Text and numbers as HTML and SVG hold them.
#pragma once

#include <string>
#include <string_view>

namespace latent {

/// `text` as content or as a quoted attribute: & < > " ' are escaped, control characters become
/// blanks, and what is not UTF-8 the replacement character.
std::string html_text(std::string_view text);

/// The first characters of `text`, with "…" in place of the others where there are more than
/// `most`.
std::string shortened(std::string_view text, size_t most);

/// The most that `text` takes in a sans-serif font, in units of the font's size: an estimate that
/// is on the wide side of common fonts.
double text_width(std::string_view text);

/// Whole numbers in full, others with four significant digits, thousands in groups: "0.8961",
/// "12,345", "3.21e-05". "–" where `value` is not finite.
std::string figure_text(double value);

/// A position in a drawing: one decimal, "12.5", "7".
std::string position_text(double value);

}  // namespace latent
