#include "src/run/inspect.h"

#include <algorithm>

#include "src/base/json_text.h"
#include "src/export/model_code.h"
#include "src/export/torchscript.h"
#include "src/serve/model_file.h"
#include "src/serve/served_model.h"

namespace latent {

using nlohmann::ordered_json;

namespace {

ordered_json arrays_of(const ModelFile& file) {
  auto out = ordered_json::array();
  for (const auto& [name, array] : file.arrays()) {
    array.check_all();
    out.push_back({{"name", name},
                   {"type", name_of(array.type())},
                   {"shape", array.shape()},
                   {"bytes", array.size() * bytes_of(array.type())}});
  }
  return out;
}

/// Whose text the methods are.
std::string code_of(const ModelFile& file, const ServedModel& model) {
  const std::string code = file.code();
  if (code.empty()) return "none";
  const bool listed = std::max(model.view().users, model.view().items) <= kListedIds;
  const std::string ours = model_code({.alpha = file.has("alpha"),
                                       .beta_user = file.has("beta_user"),
                                       .beta_item = file.has("beta_item"),
                                       .factors = file.has("gamma_item"),
                                       .bias_is_a_factor = file.flag("bias_is_a_factor"),
                                       .has_default = file.number("default_prediction").has_value(),
                                       .clips = file.number("rating_low").has_value(),
                                       .draws = file.has("noise_variance"),
                                       .titles = file.has("title_table.text")},
                                      listed);
  return code == ours ? "ours" : "other";
}

}  // namespace

ordered_json inspect_model(const std::string& path) {
  const ServedModel model(path);
  const ModelFile file(path, Hold::kMapped);
  const FactorView& view = model.view();
  (void)model.seen();
  ordered_json out = {{"path", path},
                      {"container", file.is_zip() ? "torchscript" : "safetensors"},
                      {"format", file.format()},
                      {"model", file.text("model_name")},
                      {"users", view.users},
                      {"items", view.items},
                      {"factors", view.factors}};
  const auto metadata = json_of<ordered_json>(file.metadata());
  for (const char* name : {"fit", "provenance"}) {
    if (metadata.is_object() && metadata.contains(name)) out[name] = metadata[name];
  }
  out["torchscript"] = code_of(file, model);
  out["arrays"] = arrays_of(file);
  return out;
}

}  // namespace latent
