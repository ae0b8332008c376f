#include "src/run/solver_steps.h"

#include <algorithm>
#include <cstddef>

#include "src/run/solver_tables.h"

namespace latent {

void zero_unseen(torch::Tensor table, const std::vector<int32_t>& ids) {
  std::vector<char> seen(table.size(0));
  for (const int32_t id : ids) seen[id] = 1;
  // Bytes of 0 are 0 in every type of number.
  auto* const rows = static_cast<std::byte*>(table.data_ptr());
  const int64_t width = table.size(1) * table.element_size();
  for (int64_t n = 0; n < table.size(0); ++n) {
    if (!seen[n]) std::fill_n(rows + n * width, width, std::byte{0});
  }
}

std::string lower_rate(const RunConfig& config) {
  return "lower train.lr (now " + nlohmann::json(config.train.lr).dump() + ")";
}

std::unique_ptr<Stepper> make_solver(Setup& setup, const Interactions& rows) {
  const std::string& name = setup.config.model.name;
  if (name == "baseline") return make_baseline_solver(setup, rows);
  if (name == "svd") return make_svd_solver(setup, rows);
  if (name == "implicit_bpr") return make_bpr_solver(setup, rows);
  if (name == "ials") return make_ials_solver(setup, rows);
  throw std::logic_error("no solver for model '" + name + "'");
}

}  // namespace latent
