// Times as seconds, from numbers and dates.
#pragma once

#include <optional>
#include <string_view>

namespace latent {

/// Seconds since 1970, with their fraction, from a number (taken as it is, whatever it counts),
/// "Wed Dec 09 09:23:58 -0800 2015" (Goodreads), "03 1, 2021" (Amazon) or ISO 8601 ("2015-12-09",
/// "2015-12-09T09:23:58.125Z", "2015-12-09 09:23:58+01:00"; without a zone: UTC). Whole numbers
/// above 2^53 are rounded to a double. Nothing where `text` is none of these.
std::optional<double> time_of(std::string_view text);

/// A date rather than a number.
bool is_date(std::string_view text);

}  // namespace latent
