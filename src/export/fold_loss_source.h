// TorchScript that folds in new users by losses of their scores.
#pragma once

#include <string>

#include "src/export/fold_in_source.h"

namespace latent {

/// The beginning of fold_in(): the history and its items' vectors q.
inline constexpr const char* kFoldHead = R"(
def fold_in(self, items: Tensor, ratings: Tensor) -> Tuple[Tensor, Tensor]:
    kept, rated = self.fold_history(items, ratings)
    q = torch.index_select(self.gamma_item, 0, kept).to(7)
)";
/// The bias of a user who has none.
inline constexpr const char* kFoldNoBias = "torch.zeros([1], dtype=6, device=q.device)";

/// fold_in() of FoldInSpec::kLoss, and what it calls.
std::string fold_loss_source(const FoldInParts& parts);

}  // namespace latent
