// The catalogue's rows of models that are computed at once: what other models should beat.
#include <utility>

#include "src/config/catalog_rows.h"

namespace latent {

namespace {

ModelInfo at_once(std::string name, std::string meaning, Task task, std::vector<ReadKnob> reads) {
  return {std::move(name),
          std::move(meaning),
          task,
          Trained::kAtOnce,
          Negatives::kNone,
          /*has_factors=*/false,
          /*clips=*/false,
          /*in_double=*/[](const RunConfig&) { return false; },
          std::move(reads),
          {}};
}

}  // namespace

std::vector<ModelInfo> simple_models() {
  std::vector<ModelInfo> out = {
      at_once("popularity", "how many users have the item", Task::kRanking, {}),
      at_once("item_mean", "the mean of the item's training ratings", Task::kRating,
              {{"data.rating_scale"}, {"item_mean."}}),
      at_once("item_knn", "cosine similarities of the k nearest items to a user's own",
              Task::kRanking, {{"item_knn."}}),
      at_once("ease", "item weights in closed form (Steck, 2019)", Task::kRanking, {{"ease."}}),
  };
  out[2].item_item = out[3].item_item = true;
  return out;
}

}  // namespace latent
