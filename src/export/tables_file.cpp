#include "src/export/tables_file.h"

#include "models/table_rows.h"
#include "src/base/error.h"
#include "src/config/auto_values.h"
#include "src/config/catalog.h"
#include "src/export/npz_export.h"
#include "src/formats/npz.h"

namespace latent {

namespace {

using torch::Tensor;

constexpr const char* kAdvice =
    "train on the data and with the model.factors that the file was made for";

/// On the CPU; bfloat16, which npy has no name for, as float32.
Tensor plain(const Tensor& t) { return in_floats(t.detach().to(torch::kCPU)).contiguous(); }

/// The implicit package's factors: a bias column at the end where the model has item biases.
ImplicitTables as_implicit(const ScoreTables& t, Tensor& users, Tensor& items) {
  users = plain(t.gamma_user.to(torch::kFloat));
  items = plain(t.gamma_item.to(torch::kFloat));
  if (t.beta_item.defined()) {
    users = torch::cat({users, torch::ones({users.size(0), 1})}, 1).contiguous();
    items = torch::cat({items, plain(t.beta_item.to(torch::kFloat))}, 1).contiguous();
  }
  const auto span = [](const Tensor& x) {
    return std::span<const float>(x.const_data_ptr<float>(), static_cast<size_t>(x.numel()));
  };
  return {users.size(0), items.size(0), users.size(1), span(users), span(items), {}, {}};
}

void add(NpzWriter& file, const std::string& name, const Tensor& table) {
  if (!table.defined()) return;
  Tensor t = plain(table);
  if (t.dim() == 2 && t.size(1) == 1 && name.rfind("beta", 0) == 0) t = t.flatten();
  const auto count = static_cast<size_t>(t.numel());
  if (t.scalar_type() == torch::kDouble) {
    file.add(name, std::span<const double>(t.const_data_ptr<double>(), count), t.sizes().vec());
  } else {
    file.add(name, std::span<const float>(t.const_data_ptr<float>(), count), t.sizes().vec());
  }
}

/// The array `name` into `table`, seen as `shape`.
void read_into(const NpzReader& file, const std::string& name, const NpyShape& shape,
               const Tensor& table) {
  std::vector<double> values = file.doubles(name, shape, kAdvice);
  table.copy_(torch::from_blob(values.data(), table.sizes(), torch::kDouble));
}

void require_ids(const NpzReader& file, const std::string& name, const IdMap& ids,
                 const std::string& path) {
  if (file.has(name) && file.texts(name) != ids.names()) {
    throw Error(path + ": '" + name + "' are not those of this data, in this order; " + kAdvice);
  }
}

}  // namespace

void write_tables(const RunConfig& config, const SplitDataset& data, const RecommenderImpl& model,
                  const std::string& path, const std::string& trained_on) {
  const ScoreTables t = model.scored();
  const std::vector<std::string> user_ids = data.users.names(), item_ids = data.items.names();
  if (model_info(config.model.name).task == Task::kRating || !t.gamma_item.defined()) {
    NpzWriter file(path);
    add(file, "alpha", t.alpha);
    add(file, "beta_user", t.beta_user);
    add(file, "beta_item", t.beta_item);
    add(file, "gamma_user", t.gamma_user);
    add(file, "gamma_item", t.gamma_item);
    file.add_texts("user_ids", user_ids);
    file.add_texts("item_ids", item_ids);
    file.add_text("trained_on", trained_on);
    file.commit();
    return;
  }
  Tensor users, items;
  ImplicitTables tables = as_implicit(t, users, items);
  tables.user_ids = user_ids;
  tables.item_ids = item_ids;
  tables.trained_on = trained_on;
  const int64_t passes = std::max<int64_t>(config.train.epochs, config.train.steps);
  if (t.beta_item.defined()) {
    write_implicit_bpr_npz(
        path, tables,
        {.learning_rate = config.train.lr,
         .regularization = config.train.lambda.value.value(),
         .iterations = passes,
         .verify_negative_samples = config.implicit_bpr.verify_negative_samples});
  } else {
    const int64_t pairs = std::ssize(user_items(data.parts.train, data.users.size()).item);
    const double regularization =
        ials_constants(config.ials, {data.users.size(), data.items.size(), pairs}).reg;
    write_implicit_als_npz(
        path, tables,
        {.regularization = regularization, .alpha = config.ials.alpha, .iterations = passes});
  }
}

namespace {

void read_tables(const NpzReader& file, const RunConfig& config, const SplitDataset& data,
                 RecommenderImpl& model) {
  const torch::NoGradGuard no_grad;
  const ScoreTables t = model.tables();
  const int64_t users = data.users.size(), items = data.items.size();
  if (!t.gamma_item.defined() || model_info(config.model.name).task == Task::kRating) {
    if (t.alpha.defined()) read_into(file, "alpha", {1}, t.alpha);
    if (t.beta_user.defined()) read_into(file, "beta_user", {users}, t.beta_user);
    if (t.beta_item.defined()) read_into(file, "beta_item", {items}, t.beta_item);
    if (!t.gamma_item.defined()) return;
    read_into(file, "gamma_user", {users, t.gamma_user.size(1)}, t.gamma_user);
    read_into(file, "gamma_item", {items, t.gamma_item.size(1)}, t.gamma_item);
    return;
  }
  const int64_t factors = t.gamma_item.size(1), columns = factors + (t.beta_item.defined() ? 1 : 0);
  const auto table = [&](const std::string& name, int64_t rows) {
    const std::vector<float> values = file.floats(name, NpyShape{rows, columns}, kAdvice);
    return torch::tensor(values).view({rows, columns}).to(t.gamma_item.device());
  };
  t.gamma_user.copy_(table("user_factors", users).narrow(1, 0, factors));
  const Tensor of_items = table("item_factors", items);
  t.gamma_item.copy_(of_items.narrow(1, 0, factors));
  if (t.beta_item.defined()) t.beta_item.copy_(of_items.narrow(1, factors, 1));
}

}  // namespace

std::string read_initial_tables(const RunConfig& config, const SplitDataset& data,
                                RecommenderImpl& model) {
  const std::string& path = config.model.init_path;
  const NpzReader file(path);
  require_ids(file, "user_ids", data.users, path);
  require_ids(file, "item_ids", data.items, path);
  read_tables(file, config, data, model);
  return file.has("trained_on") ? file.texts("trained_on").at(0) : "";
}

}  // namespace latent
