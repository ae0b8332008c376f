#include "src/export/torchscript.h"

#include <torch/script.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "src/base/parallel.h"
#include "src/formats/model_manifest.h"
#include "src/formats/safetensors.h"
#include "src/export/draw_priors.h"
#include "src/export/module_source.h"
#include "src/export/module_writer.h"
#include "src/score/id_table.h"

namespace latent {

namespace {

using torch::Tensor;

/// float32 on the CPU, alone in its storage: a file holds whole storages. The table itself where it
/// is that already.
Tensor as_stored(const Tensor& table) {
  const Tensor t = table.detach().to(torch::kCPU, torch::kFloat).contiguous();
  return t.storage().nbytes() == t.nbytes() ? t : t.clone();
}

/// A tensor that refers to `values`, which must outlive it.
template <typename T>
Tensor refer(std::span<const T> values, torch::ScalarType type) {
  if (values.empty()) return torch::empty({0}, type);
  return torch::from_blob(const_cast<T*>(values.data()), {static_cast<int64_t>(values.size())},
                          type);
}

/// (text, start, slots) of src/score/id_table.h. A tuple stays on the CPU when a client moves the
/// model, as its look-ups do.
void add_table(torch::jit::Module& module, const std::string& name, const IdTable& ids,
               std::span<const int32_t> slots) {
  const auto tensor = c10::TensorType::get();
  module.register_attribute(
      name, c10::TupleType::create({tensor, tensor, tensor}),
      c10::ivalue::Tuple::create(refer(ids.text(), torch::kUInt8),
                                 refer(ids.start(), torch::kInt64), refer(slots, torch::kInt32)));
}

c10::List<std::string> listed(const IdTable& ids) {
  c10::List<std::string> names;
  names.reserve(ids.size());
  for (int32_t n = 0; n < ids.size(); ++n) names.push_back(std::string(ids[n]));
  return names;
}

void add_lists(torch::jit::Module& module, const std::string& kind, const IdTable& ids) {
  c10::Dict<std::string, int64_t> index;
  index.reserve(ids.size());
  for (int32_t n = 0; n < ids.size(); ++n) index.insert(std::string(ids[n]), n);
  module.register_attribute(kind + "_ids", c10::ListType::ofStrings(), listed(ids));
  module.register_attribute(
      kind + "_index", c10::DictType::create(c10::StringType::get(), c10::IntType::get()), index);
}

IdTable table_of(const IdMap& ids) {
  // Offsets into a string fit int64, the type of a tensor's indices.
  return {ids.text(), {reinterpret_cast<const int64_t*>(ids.ends().data()), ids.ends().size()}};
}

void add_scores(torch::jit::Module& module, const ScoreTables& t) {
  const auto parameter = [&](const char* name, const Tensor& table, bool flat) {
    if (table.defined())
      module.register_parameter(name, flat ? as_stored(table).flatten() : as_stored(table),
                                /*is_buffer=*/false);
  };
  parameter("alpha", t.alpha, true);
  parameter("beta_user", t.beta_user, true);
  parameter("beta_item", t.beta_item, true);
  parameter("gamma_user", t.gamma_user, false);
  parameter("gamma_item", t.gamma_item, false);
}

/// What score_sd reads beside the factors.
void add_draws(torch::jit::Module& module, const ExportSpec& spec) {
  const std::optional<ScoreDraws>& draws = spec.draws;
  if (!draws) return;
  const auto parameter = [&](const char* name, const Tensor& table) {
    module.register_parameter(name, as_stored(table), /*is_buffer=*/false);
  };
  parameter("beta_user_draws", draws->beta_user);
  parameter("beta_item_draws", draws->beta_item);
  parameter("noise_variance", draws->variance);
  if (spec.fold_in.objective != FoldInSpec::kDraws) return;
  const DrawPriors priors =
      draw_priors(draws->beta_user, spec.tables.gamma_user, spec.user_rows);
  parameter("user_mean_draws", priors.mean);
  parameter("user_precision_draws", priors.precision);
}

/// The numbers that fold_in() goes by.
void add_fold_in(torch::jit::Module& module, const ExportSpec& spec) {
  const FoldInSpec& fold = spec.fold_in;
  if (fold.objective == FoldInSpec::kNone) return;
  if (spec.implicit_item.defined())
    module.register_parameter("implicit_item", as_stored(spec.implicit_item), /*is_buffer=*/false);
  c10::Dict<std::string, double> values;
  const auto add = [&](const std::string& name, const FoldInPenalty& p) {
    values.insert(name + "_scale", p.scale);
    values.insert(name + "_per_item", p.per_item);
    values.insert(name + "_constant", p.constant);
    values.insert(name + "_power", p.power);
  };
  add("factor", fold.factors);
  add("bias", fold.bias);
  const std::pair<const char*, double> others[] = {
      {"every_pair", fold.every_pair}, {"confidence", fold.confidence},
      {"liked", fold.liked},           {"tau", fold.tau},
      {"tau2", fold.tau2},             {"margin", fold.margin},
      {"negative_weight", fold.negative_weight}};
  for (const auto& [name, value] : others) values.insert(name, value);
  module.register_attribute(
      "fold_in_values",
      c10::DictType::create(c10::StringType::get(), c10::FloatType::get()), values);
}

/// Who had what, and how many rows each has.
void add_histories(torch::jit::Module& module, const ExportSpec& spec) {
  const auto add = [&](const std::string& name, const UserItems& had) {
    module.register_buffer(name + "_start", refer<int64_t>(had.start, torch::kInt64));
    module.register_buffer(name + "_items", refer<int32_t>(had.item, torch::kInt32));
  };
  add("seen", *spec.seen);
  if (!spec.seen_ratings.empty())
    module.register_buffer("seen_ratings", refer<float>(spec.seen_ratings, torch::kFloat));
  if (!spec.seen_fitted.empty())
    module.register_buffer("seen_fitted", refer<uint8_t>(spec.seen_fitted, torch::kUInt8));
  add("strangers", *spec.strangers_seen);
  module.register_buffer("user_rows", refer<int32_t>(spec.user_rows, torch::kInt32));
  module.register_buffer("item_rows", refer<int32_t>(spec.item_rows, torch::kInt32));
}

/// Ids and titles as the file holds them; what it adds refers to it.
class IdTables {
 public:
  explicit IdTables(const ExportSpec& spec)
      : users_(table_of(*spec.users)),
        items_(table_of(*spec.items)),
        strangers_(table_of(*spec.strangers)),
        titles_(spec.titles != nullptr ? std::span<const std::string>(*spec.titles)
                                       : std::span<const std::string>(),
                /*searchable=*/false) {
    const IdTable* const tables[] = {&users_, &items_, &strangers_};
    parallel_chunks(3, /*threads=*/2, [&](int64_t n) { slots_[n] = id_slots(*tables[n]); });
  }
  IdTables(const IdTables&) = delete;

  bool has_titles() const { return titles_.table().size() > 0; }

  void add_to(torch::jit::Module& module) const {
    add_table(module, "user_table", users_, slots_[0]);
    add_table(module, "item_table", items_, slots_[1]);
    add_table(module, "stranger_table", strangers_, slots_[2]);
    module.register_attribute("user_count", c10::IntType::get(), int64_t{users_.size()});
    module.register_attribute("item_count", c10::IntType::get(), int64_t{items_.size()});
    if (has_titles()) add_table(module, "title_table", titles_.table(), {});
    if (std::max(users_.size(), items_.size()) > kListedIds) return;
    add_lists(module, "user", users_);
    add_lists(module, "item", items_);
    if (has_titles())
      module.register_attribute("item_titles", c10::ListType::ofStrings(),
                                listed(titles_.table()));
  }

 private:
  IdTable users_, items_, strangers_;
  OwnedIds titles_;
  std::vector<int32_t> slots_[3];
};

/// A module with all that the model has, and no methods yet.
class ModelModule {
 public:
  explicit ModelModule(const ExportSpec& spec) : spec_(spec), module_("LatentModel"), ids_(spec) {
    add_scores(module_, spec.tables);
    add_draws(module_, spec);
    add_fold_in(module_, spec);
    add_histories(module_, spec);
    module_.register_attribute("model_name", c10::StringType::get(), spec.model_name);
    ids_.add_to(module_);
    std::string ascii(128, '\0');
    std::iota(ascii.begin(), ascii.end(), '\0');
    module_.register_attribute("ascii", c10::StringType::get(), ascii);
    if (clips()) {
      module_.register_attribute("rating_low", c10::FloatType::get(), spec.lowest);
      module_.register_attribute("rating_high", c10::FloatType::get(), spec.highest);
    }
    if (spec.default_prediction)
      module_.register_attribute("default_prediction", c10::FloatType::get(),
                                 *spec.default_prediction);
    if (spec.forward != Forward::kScores)
      module_.register_attribute("list_length", c10::IntType::get(), spec.list_length);
  }

  void define_methods() {
    const ScoreTables& t = spec_.tables;
    module_.define(module_source({.alpha = t.alpha.defined(),
                                  .beta_user = t.beta_user.defined(),
                                  .beta_item = t.beta_item.defined(),
                                  .factors = t.gamma_item.defined(),
                                  .bias_is_a_factor = spec_.bias_is_a_factor,
                                  .has_default = spec_.default_prediction.has_value(),
                                  .clips = clips(),
                                  .draws = spec_.draws.has_value(),
                                  .titles = ids_.has_titles(),
                                  .forward = spec_.forward,
                                  .fold_in = spec_.fold_in,
                                  .implicit = spec_.implicit_item.defined()}));
  }

  /// What readers without LibTorch go by.
  std::string manifest(const std::vector<NamedArray>& arrays) const {
    nlohmann::ordered_json model = {{"model_name", spec_.model_name},
                                    {"bias_is_a_factor", spec_.bias_is_a_factor}};
    if (clips()) {
      model["rating_low"] = spec_.lowest;
      model["rating_high"] = spec_.highest;
    }
    if (spec_.default_prediction) model["default_prediction"] = *spec_.default_prediction;
    if (spec_.forward != Forward::kScores)
      model["forward"] = spec_.forward == Forward::kListsOfIds ? "ids" : "indices";
    nlohmann::ordered_json out = {{"format", kModelFormat}};
    if (spec_.metadata.is_object()) out.update(spec_.metadata);
    out["format"] = kModelFormat;
    out["model"] = model;
    if (spec_.fold_in.objective != FoldInSpec::kNone) out["fold_in"] = to_json(spec_.fold_in);
    out["arrays"] = arrays_to_json(arrays);
    return out.dump();
  }

  const torch::jit::Module& module() const { return module_; }

 private:
  bool clips() const { return std::isfinite(spec_.lowest) || std::isfinite(spec_.highest); }

  const ExportSpec& spec_;
  torch::jit::Module module_;
  const IdTables ids_;
};

}  // namespace

void export_torchscript(const std::string& path, const ExportSpec& spec) {
  ModelModule model(spec);
  model.define_methods();
  write_module(model.module(), path, model.manifest(arrays_of(model.module())));
}

void export_safetensors(const std::string& path, const ExportSpec& spec) {
  const ModelModule model(spec);
  std::vector<NamedArray> arrays = arrays_of(model.module());
  for (NamedArray& array : arrays) array.entry.member = array.name;
  write_safetensors(path, arrays, model.manifest(arrays));
}

}  // namespace latent
