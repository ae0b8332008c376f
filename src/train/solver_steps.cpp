#include "src/train/solver_steps.h"

#include "src/base/error.h"

namespace latent {

std::string lower_rate(const TrainOptions& options) {
  return "lower train.lr (now " + nlohmann::json(options.lr).dump() + ")";
}

void check_solver(const RunConfig& config) {
  const std::string& name = config.model.name;
  if (config.train.exact && name != "svd" && name != "implicit_bpr")
    throw Error("train.exact is for svd and implicit_bpr; leave it out for " + name);
  if (config.train.exact && config.train.deterministic)
    throw Error("train.exact runs on one thread, so train.deterministic has no meaning beside it");
  if (config.data.weight != "none" && (name != "ials" || config.ials.form != "implicit"))
    throw Error("data.weight = " + config.data.weight +
                " needs model.name = ials with ials.form = implicit");
}

}  // namespace latent
