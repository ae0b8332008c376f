#include "src/run/initial_rows.h"

#include <algorithm>
#include <filesystem>
#include <span>
#include <vector>

#include "src/base/error.h"
#include "src/config/catalog.h"
#include "src/run/saved_run.h"
#include "src/run/warm_start.h"
#include "src/serve/served_model.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using torch::Tensor;

std::string model_file(const std::string& run_or_model) {
  if (!fs::is_directory(run_or_model)) return run_or_model;
  if (RunDirectory::is_run(run_or_model)) tell_if_unfinished(RunDirectory::open(run_or_model));
  const std::string file = run_or_model + "/model.pt";
  if (!fs::exists(file))
    throw Error(run_or_model + ": has no model.pt; write it with: latent export " + run_or_model +
                " -o " + file);
  return file;
}

/// "alpha, beta_item": the tables that are there, of those of a score.
std::string tables_text(bool alpha, bool beta_user, bool beta_item, bool factors) {
  std::string out;
  for (const auto& [there, name] :
       {std::pair(alpha, "alpha"), std::pair(beta_user, "beta_user"),
        std::pair(beta_item, "beta_item"), std::pair(factors, "gamma_user, gamma_item")}) {
    if (there) out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

void require_fitting(const std::string& path, const FactorView& from, const RunConfig& config,
                     const ScoreTables& to) {
  const std::string theirs = tables_text(from.alpha != nullptr, from.beta_user != nullptr,
                                         from.beta_item != nullptr, from.gamma_item != nullptr);
  const std::string ours = tables_text(to.alpha.defined(), to.beta_user.defined(),
                                       to.beta_item.defined(), to.gamma_item.defined());
  if (theirs != ours)
    throw Error(path + ": has the tables " + theirs + ", and " + config.model.name + " has " +
                ours + "; give model.init_from a model of the same tables");
  if (to.gamma_item.defined() && from.factors != to.gamma_item.size(1))
    throw Error(path + ": has " + std::to_string(from.factors) + " factors, and model.factors is " +
                std::to_string(to.gamma_item.size(1)) + "; set model.factors to " +
                std::to_string(from.factors));
}

/// For each id of the data its row in the earlier model, or -1, also where no row of it was trained
/// on (`rows`; empty: nothing is known).
std::vector<int32_t> rows_in(const IdMap& ids, const IdTable& earlier,
                             std::span<const int32_t> rows) {
  std::vector<int32_t> out(ids.size());
  for (int32_t n = 0; n < ids.size(); ++n) {
    out[n] = earlier.find(ids.name(n));
    if (out[n] >= 0 && !rows.empty() && rows[out[n]] == 0) out[n] = -1;
  }
  return out;
}

int32_t found(const std::vector<int32_t>& rows) {
  return static_cast<int32_t>(rows.size() - std::ranges::count(rows, -1));
}

/// Row rows[n] of `values` [R, columns] into row n of `table` [N, columns]; -1: that row stays.
void copy_rows(const std::vector<int32_t>& rows, const float* values, const Tensor& table) {
  if (!table.defined()) return;
  const int64_t columns = table.size(1);
  Tensor filled = table.detach().to(torch::kCPU, torch::kFloat).contiguous().clone();
  Tensor taken = torch::zeros({table.size(0), 1}, torch::kBool);
  auto* const out = filled.data_ptr<float>();
  auto* const mark = taken.data_ptr<bool>();
  for (size_t n = 0; n < rows.size(); ++n) {
    if (rows[n] < 0) continue;
    std::copy_n(values + int64_t{rows[n]} * columns, columns,
                out + static_cast<int64_t>(n) * columns);
    mark[n] = true;
  }
  // Rows that are not taken keep all digits of a table of doubles.
  table.copy_(torch::where(taken.to(table.device()), filled.to(table.device(), table.scalar_type()),
                           table));
}

}  // namespace

std::string InitialRows::text(const RunConfig& config, const SplitDataset& data) const {
  return "took " + std::to_string(users) + " of " + std::to_string(data.users.size()) +
         " users and " + std::to_string(items) + " of " + std::to_string(data.items.size()) +
         " items from " + config.model.init_from + "; others start fresh";
}

InitialRows take_initial_rows(const RunConfig& config, const SplitDataset& data,
                              RecommenderImpl& model) {
  const std::string path = model_file(config.model.init_from);
  const ServedModel earlier(path);
  const FactorView& from = earlier.view();
  const ScoreTables to = model.tables();
  require_fitting(path, from, config, to);
  const std::vector<int32_t> users = rows_in(data.users, earlier.user_ids(), earlier.user_rows()),
                             items = rows_in(data.items, earlier.item_ids(), earlier.item_rows());
  const InitialRows out{found(users), found(items), has_seen_test(earlier, data)};
  if (out.users == 0 && out.items == 0)
    throw Error(path + ": has no user and no item of " + config.data.path +
                "; give model.init_from a model of the same ids");
  const torch::NoGradGuard no_grad;
  // ALS on biases works against the mean of its own rows.
  const bool own_mean =
      model_info(config.model.name).trained == Trained::kBySolver && !to.gamma_item.defined();
  if (to.alpha.defined() && !own_mean) to.alpha.fill_(from.alpha[0]);
  copy_rows(users, from.beta_user, to.beta_user);
  copy_rows(items, from.beta_item, to.beta_item);
  copy_rows(users, from.gamma_user, to.gamma_user);
  copy_rows(items, from.gamma_item, to.gamma_item);
  return out;
}

}  // namespace latent
