#include "src/config/auto_values.h"

#include <algorithm>
#include <cmath>

namespace latent {

IalsConstants ials_constants(const IalsOptions& options, const PairCounts& counts) {
  const double all = static_cast<double>(counts.users) * static_cast<double>(counts.items);
  const auto pairs = static_cast<double>(std::max<int64_t>(counts.pairs, 1));
  const double density = pairs / std::max(all, 1.0);
  const double heavier = 2.2 * std::pow(density, -0.25);
  const double reg = options.form == "implicit" ? 0.01 : 0.075 / (1 + heavier);
  return {options.alpha0.value.value_or(heavier * density), options.reg.value.value_or(reg)};
}

}  // namespace latent
