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
  IdTable users, items, titles, strangers;
  UserItemsView seen, strangers_seen;
  std::span<const int32_t> user_rows, item_rows;  ///< empty: nothing is said
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
    view.users = users.size();
    view.items = items.size();
    seen = histories("seen_start", "seen_items", view.users);
    if (titles.size() != 0 && titles.size() != view.items) damaged();
    if (module.hasattr("stranger_table")) {
      strangers = ids("stranger_table", "", /*searchable=*/true);
      strangers_seen = histories("strangers_start", "strangers_items", strangers.size());
    }
    user_rows = row_counts("user_rows", view.users);
    item_rows = row_counts("item_rows", view.items);
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

  UserItemsView histories(const char* start, const char* items, int32_t users) {
    const UserItemsView out = {
        span_of<int64_t>(tensor(module.attr(start).toTensor(), torch::kInt64)),
        span_of<int32_t>(tensor(module.attr(items).toTensor(), torch::kInt32))};
    if (out.start.size() != static_cast<size_t>(users) + 1) damaged();
    return out;
  }

  std::span<const int32_t> row_counts(const char* name, int32_t size) {
    if (!module.hasattr(name)) return {};
    const auto counts = span_of<int32_t>(tensor(module.attr(name).toTensor(), torch::kInt32));
    if (counts.size() != static_cast<size_t>(size)) damaged();
    return counts;
  }

  static Known knows(const IdTable& ids, std::span<const int32_t> rows, std::string_view id) {
    const int32_t index = ids.find(id);
    return index < 0                               ? Known::kNo
           : !rows.empty() && rows[index] == 0 ? Known::kUntrained
                                                   : Known::kYes;
  }
  bool trained(std::span<const int32_t> rows, int32_t index) const {
    return index >= 0 && (rows.empty() || rows[index] > 0);
  }

  std::string unknown(const IdTable& ids, const std::string& id, const std::string& kind) const {
    if (ids.find(id) < 0) return "unknown " + kind + " " + in_quotes(id) + did_you_mean_id(id, ids);
    return kind + " " + in_quotes(id) + " has no row that the model was trained on";
  }
  void require_user(const std::string& id) const {
    if (knows(users, user_rows, id) != Known::kYes)
      throw Error(path + ": " + unknown(users, id, "user"));
  }
  void require_item(const std::string& id) const {
    if (knows(items, item_rows, id) != Known::kYes)
      throw Error(path + ": " + unknown(items, id, "item"));
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

ServedModel::Known ServedModel::knows_user(std::string_view id) const {
  return Impl::knows(impl_->users, impl_->user_rows, id);
}
ServedModel::Known ServedModel::knows_item(std::string_view id) const {
  return Impl::knows(impl_->items, impl_->item_rows, id);
}
std::string ServedModel::unknown_user(const std::string& id) const {
  return impl_->unknown(impl_->users, id, "user");
}
std::string ServedModel::unknown_item(const std::string& id) const {
  return impl_->unknown(impl_->items, id, "item");
}

double ServedModel::predict(const std::string& user, const std::string& item) const {
  impl_->require_user(user);
  impl_->require_item(item);
  const torch::InferenceMode inference;
  return impl_->module.get_method("predict_id")({user, item}).toDouble();
}

double ServedModel::predict_sd(const std::string& user, const std::string& item) const {
  impl_->require_user(user);
  impl_->require_item(item);
  if (!impl_->module.find_method("predict_id_sd"))
    throw Error(path() + ": a model of kind " + impl_->module.attr("model_name").toStringRef() +
                " knows no deviation of a prediction; train bayesian_mf for one");
  const torch::InferenceMode inference;
  return impl_->module.get_method("predict_id_sd")({user, item}).toDouble();
}

double ServedModel::predict_known_parts(const std::string& user, const std::string& item) const {
  int32_t u = impl_->users.find(user), i = impl_->items.find(item);
  if (!impl_->trained(impl_->user_rows, u)) u = -1;
  if (!impl_->trained(impl_->item_rows, i)) i = -1;
  if (u >= 0 && i >= 0) return predict(user, item);
  return impl_->view.predict(u, i);
}

const Ranker& ServedModel::ranker() const {
  std::call_once(impl_->ranker_made, [&] { impl_->ranker.emplace(impl_->view); });
  return *impl_->ranker;
}

std::vector<char> ServedModel::listed(std::span<const char> allowed) const {
  std::vector<char> out(allowed.begin(), allowed.end());
  if (impl_->item_rows.empty()) return out;
  out.resize(impl_->items.size(), 1);
  for (size_t i = 0; i < out.size(); ++i) out[i] = out[i] != 0 && impl_->item_rows[i] > 0;
  return out;
}

ScoredIds ServedModel::recommend(const std::string& user, int64_t k, bool exclude_seen,
                                 std::span<const char> allowed) const {
  impl_->require_user(user);
  const int32_t index = impl_->users.find(user);
  const std::vector<char> may = listed(allowed);
  const RankingRules rules{exclude_seen ? impl_->seen : UserItemsView(), may};
  ScoredIds out;
  const auto lists = ranker().rank_block({&index, 1}, k, rules);
  for (const Scored& s : lists[0]) out.emplace_back(std::string(impl_->items[s.index]), s.score);
  return out;
}

ScoredIds ServedModel::popular(const std::string& user, int64_t k, bool exclude_seen,
                               std::span<const char> allowed) const {
  const int32_t u = impl_->users.find(user);
  const int32_t stranger = u < 0 && impl_->strangers.size() > 0 ? impl_->strangers.find(user) : -1;
  const auto seen = !exclude_seen  ? std::span<const int32_t>()
                    : u >= 0        ? impl_->seen.of(u)
                    : stranger >= 0 ? impl_->strangers_seen.of(stranger)
                                    : std::span<const int32_t>();
  TopK best(static_cast<int>(std::min<int64_t>(k, impl_->items.size())));
  const std::vector<char> may = listed(allowed);
  for (int32_t i = 0; i < impl_->items.size(); ++i) {
    if ((!may.empty() && may[i] == 0) || std::binary_search(seen.begin(), seen.end(), i)) continue;
    best.push(i, impl_->item_rows.empty() ? 0 : static_cast<float>(impl_->item_rows[i]));
  }
  ScoredIds out;
  for (const Scored& s : best.take()) out.emplace_back(std::string(impl_->items[s.index]), s.score);
  return out;
}

ScoredIds ServedModel::similar_items(const std::string& item, int64_t k) const {
  impl_->require_item(item);
  impl_->require_factors("items");
  return impl_->call("similar_items_id", {item, k});
}

ScoredIds ServedModel::similar_users(const std::string& user, int64_t k) const {
  impl_->require_user(user);
  impl_->require_factors("users");
  return impl_->call("similar_users_id", {user, k});
}

ScoredIds ServedModel::rank_items(const std::string& user,
                                  const std::vector<std::string>& items) const {
  impl_->require_user(user);
  c10::List<std::string> ids;
  for (const std::string& item : items) {
    if (knows_item(item) == Known::kNo) impl_->require_item(item);
    ids.push_back(item);
  }
  return impl_->call("rank_items_id", {user, ids});
}

const std::string& ServedModel::path() const { return impl_->path; }
const std::string& ServedModel::metadata() const { return impl_->metadata; }
const IdTable& ServedModel::user_ids() const { return impl_->users; }
const IdTable& ServedModel::item_ids() const { return impl_->items; }
const FactorView& ServedModel::view() const { return impl_->view; }
const UserItemsView& ServedModel::seen() const { return impl_->seen; }
std::span<const int32_t> ServedModel::user_rows() const { return impl_->user_rows; }
std::span<const int32_t> ServedModel::item_rows() const { return impl_->item_rows; }

int32_t ServedModel::find_user(std::string_view id) const { return impl_->users.find(id); }
int32_t ServedModel::find_item(std::string_view id) const { return impl_->items.find(id); }

std::string_view ServedModel::title(int32_t item) const {
  return item < 0 || impl_->titles.size() == 0 ? std::string_view() : impl_->titles[item];
}

std::string_view ServedModel::title(std::string_view item) const { return title(find_item(item)); }

}  // namespace latent
