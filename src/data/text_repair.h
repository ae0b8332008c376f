// Makes text that ends lines otherwise, or is encoded otherwise, what the readers know.
#pragma once

#include "src/data/text_blocks.h"

namespace latent {

enum class Encoding { kUtf8, kLatin1 };

/// Applied to the blocks of a file in order.
class TextRepair {
 public:
  explicit TextRepair(Encoding encoding) : latin1_(encoding == Encoding::kLatin1) {}

  /// Latin-1 becomes UTF-8; CR becomes LF where, by the first block, CR alone ends the lines.
  void apply(TextBlock& block);

 private:
  void to_utf8(TextBlock& block) const;

  bool latin1_;
  bool begun_ = false, cr_ends_lines_ = false;
};

}  // namespace latent
