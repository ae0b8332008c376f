#include "src/serve/model_parts.h"

#include <algorithm>
#include <functional>

namespace latent {

ModelParts::ModelParts(const std::string& path, Hold hold) : file(path, hold) {
  users = ids("user_table", "user_ids", /*searchable=*/true);
  items = ids("item_table", "item_ids", /*searchable=*/true);
  titles = ids("title_table", "item_titles", /*searchable=*/false);
  if (titles.size() != 0 && titles.size() != items.size()) file.damaged("too few titles");
  strangers = ids("stranger_table", "", /*searchable=*/true);
  seen = histories("seen", users.size());
  if (strangers.size() > 0) strangers_seen = histories("strangers", strangers.size());
  user_rows = row_counts("user_rows", users.size());
  item_rows = row_counts("item_rows", items.size());
  read_tables();
}

IdTable ModelParts::ids(const std::string& table, const char* list, bool searchable) {
  if (!file.has(table + ".text")) {
    const auto* const names = file.list(list);
    if (names != nullptr) return owned_.emplace_back(*names, searchable).table();
    if (searchable && *list != '\0') file.damaged("it has no " + table);
    return {};
  }
  const auto text = file.array(table + ".text", ValueType::kUint8).all<uint8_t>();
  const IdTable ids({reinterpret_cast<const char*>(text.data()), text.size()},
                    file.array(table + ".start", ValueType::kInt64).all<int64_t>(),
                    file.array(table + ".slots", ValueType::kInt32).all<int32_t>());
  if (!ids.is_sound() || (searchable && !ids.is_searchable()))
    file.damaged("its " + table + " is none");
  return ids;
}

UserItemsView ModelParts::histories(const std::string& name, int32_t users) const {
  const auto start =
      file.array(name + "_start", ValueType::kInt64, int64_t{users} + 1).all<int64_t>();
  const auto items = file.array(name + "_items", ValueType::kInt32).unchecked<int32_t>();
  if (start.empty() || start.front() != 0 || start.back() != std::ssize(items) ||
      !std::is_sorted(start.begin(), start.end()))
    file.damaged("its " + name + "_start leads out of the file");
  return {start, items};
}

std::span<const int32_t> ModelParts::row_counts(const char* name, int32_t size) const {
  return file.array(name, ValueType::kInt32, size).all<int32_t>();
}

const float* ModelParts::table(const char* name, int64_t values) const {
  const auto all = file.array(name, ValueType::kFloat32, values).unchecked<float>();
  return file.has(name) ? all.data() : nullptr;
}

void ModelParts::read_tables() {
  view.users = users.size();
  view.items = items.size();
  if (file.has("gamma_item")) {
    const std::vector<int64_t>& shape = file.array("gamma_item", ValueType::kFloat32).shape();
    if (shape.size() != 2 || shape[0] != view.items || shape[1] > INT32_MAX)
      file.damaged("its gamma_item is no table of items");
    view.factors = static_cast<int32_t>(shape[1]);
  }
  view.lowest = static_cast<float>(file.number("rating_low").value_or(view.lowest));
  view.highest = static_cast<float>(file.number("rating_high").value_or(view.highest));
  if (!(view.lowest <= view.highest)) file.damaged("its ratings have no range");
  if (const auto score = file.number("default_prediction"))
    view.default_prediction = static_cast<float>(*score);
  view.alpha = table("alpha", 1);
  view.beta_user = table("beta_user", view.users);
  view.beta_item = table("beta_item", view.items);
  view.gamma_user = table("gamma_user", int64_t{view.users} * view.factors);
  view.gamma_item = table("gamma_item", int64_t{view.items} * view.factors);
  if (file.has("gamma_user") != file.has("gamma_item")) file.damaged("it has half of its factors");
  need("alpha", 0, 1);
}

void ModelParts::need(const char* name, int64_t from, int64_t count) const {
  if (file.has(name)) (void)file.array(name, ValueType::kFloat32).part<float>(from, count);
}

void ModelParts::need_all(const char* name) const {
  if (file.has(name)) (void)file.array(name, ValueType::kFloat32).all<float>();
}

void ModelParts::need_user(int32_t u) const {
  need("beta_user", u, 1);
  need("gamma_user", int64_t{u} * view.factors, view.factors);
}

void ModelParts::need_item(int32_t i) const {
  need("beta_item", i, 1);
  need("gamma_item", int64_t{i} * view.factors, view.factors);
}

std::span<const int32_t> ModelParts::history(const char* name, const UserItemsView& of,
                                             int32_t u) const {
  const int64_t from = of.start[u], count = of.start[u + 1] - from;
  const auto list =
      file.array(std::string(name) + "_items", ValueType::kInt32).part<int32_t>(from, count);
  const bool sound = std::ranges::adjacent_find(list, std::greater_equal<>()) == list.end() &&
                     (list.empty() || (list.front() >= 0 && list.back() < view.items));
  if (!sound) file.damaged("a history in it names no items");
  return list;
}

}  // namespace latent
