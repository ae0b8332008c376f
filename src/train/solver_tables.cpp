#include "src/train/solver_tables.h"

#include <cstddef>

namespace latent {

void zero_unseen(torch::Tensor table, std::span<const int32_t> ids) {
  std::vector<char> seen(table.size(0));
  for (const int32_t id : ids) seen[id] = 1;
  // Bytes of 0 are 0 in every type of number.
  auto* const rows = static_cast<std::byte*>(table.data_ptr());
  const int64_t width = table.size(1) * table.element_size();
  for (int64_t n = 0; n < table.size(0); ++n) {
    if (!seen[n]) std::fill_n(rows + n * width, width, std::byte{0});
  }
}

}  // namespace latent
