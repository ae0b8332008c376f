#include "src/serve/served_model.h"

#include <torch/script.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <unordered_map>

#include "src/base/error.h"

namespace latent {

struct ServedModel::Impl {
  std::string path, metadata;
  torch::jit::Module module;
  std::vector<std::string> user_ids, item_ids, titles;
  UserItems seen;
  std::unordered_map<std::string, int64_t> user_index, item_index;
  std::vector<torch::Tensor> kept;
  FactorView view;

  const float* table(const char* name) {
    if (!module.hasattr(name)) return nullptr;
    kept.push_back(module.attr(name).toTensor().to(torch::kCPU, torch::kFloat).contiguous());
    return kept.back().const_data_ptr<float>();
  }

  template <typename T>
  static void copy_to(const torch::Tensor& from, std::vector<T>& to) {
    to.assign(from.const_data_ptr<T>(), from.const_data_ptr<T>() + from.numel());
  }

  void read_tables() {
    for (const auto& id : module.attr("user_ids").toListRef()) user_ids.push_back(id.toStringRef());
    for (const auto& id : module.attr("item_ids").toListRef()) item_ids.push_back(id.toStringRef());
    if (module.hasattr("item_titles")) {
      for (const auto& title : module.attr("item_titles").toListRef())
        titles.push_back(title.toStringRef());
    }
    copy_to(module.attr("seen_start").toTensor(), seen.start);
    copy_to(module.attr("seen_items").toTensor(), seen.item);
    for (size_t n = 0; n < user_ids.size(); ++n) user_index[user_ids[n]] = static_cast<int64_t>(n);
    for (size_t n = 0; n < item_ids.size(); ++n) item_index[item_ids[n]] = static_cast<int64_t>(n);
    view.users = static_cast<int32_t>(user_ids.size());
    view.items = static_cast<int32_t>(item_ids.size());
    if (const float* alpha = table("alpha")) view.alpha = *alpha;
    if (module.hasattr("rating_low")) {
      view.lowest = static_cast<float>(module.attr("rating_low").toDouble());
      view.highest = static_cast<float>(module.attr("rating_high").toDouble());
    }
    if (module.hasattr("default_prediction"))
      view.default_prediction = static_cast<float>(module.attr("default_prediction").toDouble());
    view.beta_user = table("beta_user");
    view.beta_item = table("beta_item");
    view.gamma_user = table("gamma_user");
    view.gamma_item = table("gamma_item");
    if (view.gamma_item != nullptr)
      view.factors = static_cast<int32_t>(module.attr("gamma_item").toTensor().size(1));
  }

  int64_t index_of(const std::unordered_map<std::string, int64_t>& index, const std::string& id,
                   const char* kind) const {
    const auto found = index.find(id);
    if (found == index.end()) throw Error(path + ": unknown " + kind + " " + in_quotes(id));
    return found->second;
  }

  void require_factors(const std::string& kind) const {
    if (view.factors > 0) return;
    throw Error(path + ": a model of kind " + module.attr("model_name").toStringRef() +
                " has no factors, so it knows no similar " + kind);
  }

  ScoredIds call(const char* method, std::vector<c10::IValue> arguments) {
    const torch::InferenceMode inference;
    ScoredIds out;
    const c10::IValue result = module.get_method(method)(std::move(arguments));
    for (const c10::IValue& pair : result.toListRef()) {
      const auto& parts = pair.toTupleRef().elements();
      out.emplace_back(parts[0].toStringRef(), parts[1].toDouble());
    }
    return out;
  }
};

ServedModel::ServedModel(const std::string& path) : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  if (!std::filesystem::exists(path)) throw Error(path + ": no such model file");
  if (std::filesystem::is_directory(path))
    throw Error(path + ": is a folder; give the model.pt in it");
  const Error not_ours(path +
                       ": not a model exported by latent (damaged, or another kind of file)");
  {
    // LibTorch explains a foreign file in fifty lines; a zip's first bytes settle most cases in
    // one.
    std::ifstream in(path, std::ios::binary);
    char magic[4] = {};
    if (!in.read(magic, 4)) throw not_ours;
    if (std::string(magic, 2) != "PK") throw not_ours;
  }
  try {
    torch::jit::ExtraFilesMap extra = {{"latent.json", ""}};
    impl_->module = torch::jit::load(path, torch::kCPU, extra);
    impl_->module.eval();
    impl_->metadata = extra["latent.json"];
    if (impl_->metadata.empty() || !impl_->module.hasattr("user_ids") ||
        !impl_->module.find_method("recommend_id"))
      throw not_ours;
    impl_->read_tables();
  } catch (const c10::Error&) {
    throw not_ours;
  }
}

ServedModel::~ServedModel() = default;

double ServedModel::predict(const std::string& user, const std::string& item) const {
  impl_->index_of(impl_->user_index, user, "user");
  impl_->index_of(impl_->item_index, item, "item");
  const torch::InferenceMode inference;
  return impl_->module.get_method("predict_id")({user, item}).toDouble();
}

double ServedModel::predict_known_parts(const std::string& user, const std::string& item) const {
  const auto u = impl_->user_index.find(user), i = impl_->item_index.find(item);
  const bool know_user = u != impl_->user_index.end(), know_item = i != impl_->item_index.end();
  if (know_user && know_item) return predict(user, item);
  const FactorView& v = impl_->view;
  float sum = v.alpha;
  if (know_user && v.beta_user != nullptr) sum += v.beta_user[u->second];
  if (know_item && v.beta_item != nullptr) sum += v.beta_item[i->second];
  return v.as_rating(sum);
}

ScoredIds ServedModel::recommend(const std::string& user, int64_t k, bool exclude_seen) const {
  impl_->index_of(impl_->user_index, user, "user");
  return impl_->call("recommend_id", {user, k, exclude_seen});
}

ScoredIds ServedModel::similar_items(const std::string& item, int64_t k) const {
  impl_->index_of(impl_->item_index, item, "item");
  impl_->require_factors("items");
  return impl_->call("similar_items_id", {item, k});
}

ScoredIds ServedModel::similar_users(const std::string& user, int64_t k) const {
  impl_->index_of(impl_->user_index, user, "user");
  impl_->require_factors("users");
  return impl_->call("similar_users_id", {user, k});
}

ScoredIds ServedModel::rank_items(const std::string& user,
                                  const std::vector<std::string>& items) const {
  impl_->index_of(impl_->user_index, user, "user");
  c10::List<std::string> ids;
  for (const std::string& item : items) {
    impl_->index_of(impl_->item_index, item, "item");
    ids.push_back(item);
  }
  return impl_->call("rank_items_id", {user, ids});
}

const std::string& ServedModel::metadata() const { return impl_->metadata; }
const std::vector<std::string>& ServedModel::user_ids() const { return impl_->user_ids; }
const std::vector<std::string>& ServedModel::item_ids() const { return impl_->item_ids; }
const FactorView& ServedModel::view() const { return impl_->view; }
const UserItems& ServedModel::seen() const { return impl_->seen; }

int32_t ServedModel::find_user(const std::string& id) const {
  const auto found = impl_->user_index.find(id);
  return found == impl_->user_index.end() ? -1 : static_cast<int32_t>(found->second);
}

int32_t ServedModel::find_item(const std::string& id) const {
  const auto found = impl_->item_index.find(id);
  return found == impl_->item_index.end() ? -1 : static_cast<int32_t>(found->second);
}

const std::string& ServedModel::title(const std::string& item) const {
  static const std::string none;
  const int32_t index = find_item(item);
  return index < 0 || impl_->titles.empty() ? none : impl_->titles[index];
}

}  // namespace latent
