#include "src/train/solver_steps.h"

namespace latent {

std::string lower_rate(const TrainOptions& options) {
  return "lower train.lr (now " + nlohmann::json(options.lr).dump() + ")";
}

}  // namespace latent
