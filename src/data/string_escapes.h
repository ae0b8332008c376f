// Backslash escapes in the strings of JSON and of Python's literals.
#pragma once

#include <string>
#include <string_view>

namespace latent {

enum class ObjectDialect { kJson, kPython };

/// What `raw`, the text between the quotes, stands for, into `out`. Returns what is wrong with it,
/// "unknown escape '\q'"; empty: nothing.
std::string unescape(std::string_view raw, ObjectDialect dialect, std::string& out);

}  // namespace latent
