#include "src/serve/served_model.h"

#include <torch/script.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <optional>
#include <span>
#include <stdexcept>

#include "src/base/error.h"
#include "src/score/near_id.h"

namespace latent {

namespace {

/// What the file says does not fit: the caller tells of a damaged one.
[[noreturn]] void damaged() { throw std::length_error("parts of a model do not fit each other"); }

template <typename T>
std::span<const T> span_of(const torch::Tensor& t) {
  return {t.const_data_ptr<T>(), static_cast<size_t>(t.numel())};
}

}  // namespace

struct ServedModel::Impl {
  std::string path, metadata;
  torch::jit::Module module;
  IdTable users, items, titles;
  UserItemsView seen;
  FactorView view;
  std::deque<torch::Tensor> kept;  ///< what the views refer to
  std::deque<OwnedIds> owned;      ///< likewise
  std::once_flag ranker_made;
  std::optional<Ranker> ranker;

  torch::Tensor tensor(const torch::Tensor& t, torch::ScalarType type) {
    return kept.emplace_back(t.to(torch::kCPU, type).contiguous());
  }

  const float* table(const char* name, int64_t values) {
    if (!module.hasattr(name)) return nullptr;
    const torch::Tensor t = tensor(module.attr(name).toTensor(), torch::kFloat);
    if (t.numel() != values) damaged();
    return t.const_data_ptr<float>();
  }

  /// The tensors of `table`, or the strings that the attribute `list` of an older file holds.
  IdTable ids(const std::string& table, const char* list, bool searchable) {
    if (!module.hasattr(table)) {
      std::vector<std::string> names;
      for (const auto& name : module.attr(list).toListRef()) names.push_back(name.toStringRef());
      return owned.emplace_back(names, searchable).table();
    }
    const auto& parts = module.attr(table).toTupleRef().elements();
    const auto text = span_of<uint8_t>(tensor(parts.at(0).toTensor(), torch::kUInt8));
    const IdTable ids({reinterpret_cast<const char*>(text.data()), text.size()},
                      span_of<int64_t>(tensor(parts.at(1).toTensor(), torch::kInt64)),
                      span_of<int32_t>(tensor(parts.at(2).toTensor(), torch::kInt32)));
    if (!ids.is_sound()) damaged();
    return ids;
  }

  void read_tables() {
    users = ids("user_table", "user_ids", /*searchable=*/true);
    items = ids("item_table", "item_ids", /*searchable=*/true);
    if (module.hasattr("title_table") || module.hasattr("item_titles"))
      titles = ids("title_table", "item_titles", /*searchable=*/false);
    seen = {span_of<int64_t>(tensor(module.attr("seen_start").toTensor(), torch::kInt64)),
            span_of<int32_t>(tensor(module.attr("seen_items").toTensor(), torch::kInt32))};
    view.users = users.size();
    view.items = items.size();
    if (seen.start.size() != static_cast<size_t>(view.users) + 1 ||
        (titles.size() != 0 && titles.size() != view.items))
      damaged();
    if (module.hasattr("gamma_item"))
      view.factors = static_cast<int32_t>(module.attr("gamma_item").toTensor().size(1));
    view.alpha = table("alpha", 1);
    if (module.hasattr("rating_low")) {
      view.lowest = static_cast<float>(module.attr("rating_low").toDouble());
      view.highest = static_cast<float>(module.attr("rating_high").toDouble());
    }
    if (module.hasattr("default_prediction"))
      view.default_prediction = static_cast<float>(module.attr("default_prediction").toDouble());
    view.beta_user = table("beta_user", view.users);
    view.beta_item = table("beta_item", view.items);
    view.gamma_user = table("gamma_user", int64_t{view.users} * view.factors);
    view.gamma_item = table("gamma_item", int64_t{view.items} * view.factors);
  }

  void require_known(const IdTable& ids, const std::string& id, const char* kind) const {
    if (ids.find(id) < 0)
      throw Error(path + ": unknown " + kind + " " + in_quotes(id) + did_you_mean_id(id, ids));
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
    if (impl_->metadata.empty() || !impl_->module.hasattr("user_count") ||
        !impl_->module.find_method("recommend_id"))
      throw not_ours;
    impl_->read_tables();
  } catch (const c10::Error&) {
    throw not_ours;
  } catch (const std::length_error&) {
    throw not_ours;
  }
}

ServedModel::~ServedModel() = default;

double ServedModel::predict(const std::string& user, const std::string& item) const {
  impl_->require_known(impl_->users, user, "user");
  impl_->require_known(impl_->items, item, "item");
  const torch::InferenceMode inference;
  return impl_->module.get_method("predict_id")({user, item}).toDouble();
}

double ServedModel::predict_known_parts(const std::string& user, const std::string& item) const {
  const int32_t u = impl_->users.find(user), i = impl_->items.find(item);
  if (u >= 0 && i >= 0) return predict(user, item);
  return impl_->view.predict(u, i);
}

const Ranker& ServedModel::ranker() const {
  std::call_once(impl_->ranker_made, [&] { impl_->ranker.emplace(impl_->view); });
  return *impl_->ranker;
}

ScoredIds ServedModel::recommend(const std::string& user, int64_t k, bool exclude_seen,
                                 std::span<const char> allowed) const {
  impl_->require_known(impl_->users, user, "user");
  const int32_t index = impl_->users.find(user);
  const RankingRules rules{exclude_seen ? impl_->seen : UserItemsView(), allowed};
  ScoredIds out;
  const auto lists = ranker().rank_block({&index, 1}, k, rules);
  for (const Scored& s : lists[0]) out.emplace_back(std::string(impl_->items[s.index]), s.score);
  return out;
}

ScoredIds ServedModel::similar_items(const std::string& item, int64_t k) const {
  impl_->require_known(impl_->items, item, "item");
  impl_->require_factors("items");
  return impl_->call("similar_items_id", {item, k});
}

ScoredIds ServedModel::similar_users(const std::string& user, int64_t k) const {
  impl_->require_known(impl_->users, user, "user");
  impl_->require_factors("users");
  return impl_->call("similar_users_id", {user, k});
}

ScoredIds ServedModel::rank_items(const std::string& user,
                                  const std::vector<std::string>& items) const {
  impl_->require_known(impl_->users, user, "user");
  c10::List<std::string> ids;
  for (const std::string& item : items) {
    impl_->require_known(impl_->items, item, "item");
    ids.push_back(item);
  }
  return impl_->call("rank_items_id", {user, ids});
}

const std::string& ServedModel::metadata() const { return impl_->metadata; }
const IdTable& ServedModel::user_ids() const { return impl_->users; }
const IdTable& ServedModel::item_ids() const { return impl_->items; }
const FactorView& ServedModel::view() const { return impl_->view; }
const UserItemsView& ServedModel::seen() const { return impl_->seen; }

int32_t ServedModel::find_user(std::string_view id) const { return impl_->users.find(id); }
int32_t ServedModel::find_item(std::string_view id) const { return impl_->items.find(id); }

std::string_view ServedModel::title(int32_t item) const {
  return item < 0 || impl_->titles.size() == 0 ? std::string_view() : impl_->titles[item];
}

std::string_view ServedModel::title(std::string_view item) const { return title(find_item(item)); }

}  // namespace latent
