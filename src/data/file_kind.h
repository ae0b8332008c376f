// Files that hold no rows of text, told by their first bytes.
#pragma once

#include <string>
#include <string_view>

namespace latent {

/// Throws Error, saying what the file is and what to do, where `head` begins a file of another
/// kind: an archive, a binary table, a web page, a pointer to a file kept elsewhere. `place` is the
/// file, or the file and line, that the message begins with.
void refuse_other_kinds(const std::string& place, std::string_view head);

}  // namespace latent
