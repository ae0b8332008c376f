#include "src/serve/served_model.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <mutex>
#include <optional>
#include <span>

#include "src/base/error.h"
#include "src/base/parallel.h"
#include "src/score/near_id.h"
#include "src/score/nearest.h"
#include "src/serve/model_file.h"

namespace latent {

struct ServedModel::Impl {
  Impl(const std::string& path, Hold hold) : file(path, hold) {
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

  /// The arrays of `table`, or the strings that the list of an older file holds.
  IdTable ids(const std::string& table, const char* list, bool searchable) {
    if (!file.has(table + ".text")) {
      const auto* const names = file.list(list);
      if (names != nullptr) return owned.emplace_back(*names, searchable).table();
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

  /// Where each history begins is checked here, what is in it when it is asked for.
  UserItemsView histories(const std::string& name, int32_t users) {
    const auto start =
        file.array(name + "_start", ValueType::kInt64, int64_t{users} + 1).all<int64_t>();
    const auto items = file.array(name + "_items", ValueType::kInt32).unchecked<int32_t>();
    if (start.empty() || start.front() != 0 || start.back() != std::ssize(items) ||
        !std::is_sorted(start.begin(), start.end()))
      file.damaged("its " + name + "_start leads out of the file");
    return {start, items};
  }

  std::span<const int32_t> row_counts(const char* name, int32_t size) const {
    return file.array(name, ValueType::kInt32, size).all<int32_t>();
  }

  const float* table(const char* name, int64_t values) const {
    const auto all = file.array(name, ValueType::kFloat32, values).unchecked<float>();
    return file.has(name) ? all.data() : nullptr;
  }

  void read_tables() {
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

  /// Values [from, from + count) of a table are used next.
  void need(const char* name, int64_t from, int64_t count) const {
    if (file.has(name)) (void)file.array(name, ValueType::kFloat32).part<float>(from, count);
  }
  void need_all(const char* name) const {
    if (file.has(name)) (void)file.array(name, ValueType::kFloat32).all<float>();
  }
  void need_user(int32_t u) const {
    need("beta_user", u, 1);
    need("gamma_user", int64_t{u} * view.factors, view.factors);
  }
  void need_item(int32_t i) const {
    need("beta_item", i, 1);
    need("gamma_item", int64_t{i} * view.factors, view.factors);
  }
  void need_items() const {
    need_all("beta_item");
    need_all("gamma_item");
  }

  /// A history, once it is known to name items of this model in ascending order.
  std::span<const int32_t> history(const char* name, const UserItemsView& of, int32_t u) const {
    const int64_t from = of.start[u], count = of.start[u + 1] - from;
    const auto list =
        file.array(std::string(name) + "_items", ValueType::kInt32).part<int32_t>(from, count);
    const bool sound = std::ranges::adjacent_find(list, std::greater_equal<>()) == list.end() &&
                       (list.empty() || (list.front() >= 0 && list.back() < view.items));
    if (!sound) file.damaged("a history in it names no items");
    return list;
  }

  static Known knows(const IdTable& ids, std::span<const int32_t> rows, std::string_view id) {
    const int32_t index = ids.find(id);
    if (index < 0) return Known::kNo;
    return !rows.empty() && rows[index] == 0 ? Known::kUntrained : Known::kYes;
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
      throw Error(file.path() + ": " + unknown(users, id, "user"));
  }
  void require_item(const std::string& id) const {
    if (knows(items, item_rows, id) != Known::kYes)
      throw Error(file.path() + ": " + unknown(items, id, "item"));
  }

  void require_factors(const std::string& kind) const {
    if (view.factors > 0) return;
    throw Error(file.path() + ": a model of kind " + file.text("model_name") +
                " has no factors, so it knows no similar " + kind);
  }

  ScoredIds named(const IdTable& ids, const std::vector<Scored>& scored) const {
    ScoredIds out;
    for (const Scored& s : scored) out.emplace_back(std::string(ids[s.index]), s.score);
    return out;
  }

  ModelFile file;
  IdTable users, items, titles, strangers;
  UserItemsView seen, strangers_seen;
  std::span<const int32_t> user_rows, item_rows;  ///< empty: nothing is said
  FactorView view;                                ///< not checked: need() goes before
  std::deque<OwnedIds> owned;                     ///< what tables of ids refer to, where no file is
  mutable std::once_flag ranker_made, all_checked, histories_checked;
  std::optional<Ranker> ranker;
};

ServedModel::ServedModel(const std::string& path, Hold hold)
    : impl_(std::make_unique<Impl>(path, hold)) {}

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
  return predict(find_user(user), find_item(item));
}

float ServedModel::predict(int32_t user, int32_t item) const {
  impl_->need_user(user);
  impl_->need_item(item);
  return impl_->view.predict(user, item);
}

double ServedModel::predict_sd(const std::string& user, const std::string& item) const {
  impl_->require_user(user);
  impl_->require_item(item);
  const ModelFile& file = impl_->file;
  if (!file.has("noise_variance"))
    throw Error(path() + ": a model of kind " + kind() +
                " knows no deviation of a prediction; train bayesian_mf for one");
  const auto noise = file.array("noise_variance", ValueType::kFloat32).all<float>();
  const auto draws = std::ssize(noise);
  const FactorView& view = impl_->view;
  if (draws == 0 || view.factors % draws != 0) file.damaged("its draws do not fit its factors");
  const int32_t u = find_user(user), i = find_item(item);
  impl_->need_user(u);
  impl_->need_item(i);
  const auto of_user = file.array("beta_user_draws", ValueType::kFloat32, view.users * draws)
                           .part<float>(u * draws, draws);
  const auto of_item = file.array("beta_item_draws", ValueType::kFloat32, view.items * draws)
                           .part<float>(i * draws, draws);
  // Draw s of the score has its own biases and its own columns of the factors, which are scaled by
  // 1 / draws so that the score is the mean.
  const int64_t columns = view.factors / draws;
  std::vector<double> score(static_cast<size_t>(draws));
  double mean = 0, variance = 0, spread = 0;
  for (int64_t s = 0; s < draws; ++s) {
    double product = 0;
    for (int64_t k = s * columns; k < (s + 1) * columns; ++k)
      product += double{view.factors_of_user(u)[k]} * view.factors_of_item(i)[k];
    score[s] = double{of_user[s]} + of_item[s] + product * static_cast<double>(draws);
    mean += score[s] / static_cast<double>(draws);
    variance += noise[s] / static_cast<double>(draws);
  }
  for (const double value : score) spread += (value - mean) * (value - mean);
  return std::sqrt(spread / static_cast<double>(std::max<int64_t>(draws - 1, 1)) + variance);
}

double ServedModel::predict_known_parts(const std::string& user, const std::string& item) const {
  int32_t u = impl_->users.find(user), i = impl_->items.find(item);
  if (!impl_->trained(impl_->user_rows, u)) u = -1;
  if (!impl_->trained(impl_->item_rows, i)) i = -1;
  if (u >= 0) impl_->need_user(u);
  if (i >= 0) impl_->need_item(i);
  return impl_->view.predict(u, i);
}

const Ranker& ServedModel::ranker() const {
  std::call_once(impl_->ranker_made, [&] { impl_->ranker.emplace(view()); });
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
  if (exclude_seen) (void)impl_->history("seen", impl_->seen, index);
  const RankingRules rules{exclude_seen ? impl_->seen : UserItemsView(), may};
  return impl_->named(impl_->items, ranker().rank_block({&index, 1}, k, rules)[0]);
}

std::vector<ScoredIds> ServedModel::recommend(std::span<const std::string> users, int64_t k,
                                              bool exclude_seen, std::span<const char> allowed,
                                              int threads) const {
  std::vector<int32_t> indices;
  for (const std::string& user : users) {
    impl_->require_user(user);
    indices.push_back(find_user(user));
    if (exclude_seen) (void)impl_->history("seen", impl_->seen, indices.back());
  }
  const std::vector<char> may = listed(allowed);
  const RankingRules rules{exclude_seen ? impl_->seen : UserItemsView(), may};
  std::vector<ScoredIds> out;
  for (const auto& list : ranker().rank(indices, k, rules, threads))
    out.push_back(impl_->named(impl_->items, list));
  return out;
}

ScoredIds ServedModel::popular(const std::string& user, int64_t k, bool exclude_seen,
                               std::span<const char> allowed) const {
  const int32_t u = impl_->users.find(user);
  const int32_t stranger = u < 0 && impl_->strangers.size() > 0 ? impl_->strangers.find(user) : -1;
  const auto seen = !exclude_seen  ? std::span<const int32_t>()
                    : u >= 0        ? impl_->history("seen", impl_->seen, u)
                    : stranger >= 0 ? impl_->history("strangers", impl_->strangers_seen, stranger)
                                    : std::span<const int32_t>();
  TopK best(static_cast<int>(std::min<int64_t>(k, impl_->items.size())));
  const std::vector<char> may = listed(allowed);
  for (int32_t i = 0; i < impl_->items.size(); ++i) {
    if ((!may.empty() && may[i] == 0) || std::binary_search(seen.begin(), seen.end(), i)) continue;
    best.push(i, impl_->item_rows.empty() ? 0 : static_cast<float>(impl_->item_rows[i]));
  }
  return impl_->named(impl_->items, best.take());
}

ScoredIds ServedModel::similar_items(const std::string& item, int64_t k) const {
  impl_->require_item(item);
  impl_->require_factors("items");
  const FactorView& v = view();
  const bool biased = impl_->file.flag("bias_is_a_factor");
  return impl_->named(impl_->items,
                      nearest({v.gamma_item, v.items, v.factors, biased ? v.beta_item : nullptr},
                              find_item(item), k, impl_->item_rows));
}

ScoredIds ServedModel::similar_users(const std::string& user, int64_t k) const {
  impl_->require_user(user);
  impl_->require_factors("users");
  const FactorView& v = view();
  return impl_->named(impl_->users, nearest({v.gamma_user, v.users, v.factors, nullptr,
                                             impl_->file.flag("bias_is_a_factor")},
                                            find_user(user), k, impl_->user_rows));
}

ScoredIds ServedModel::rank_items(const std::string& user,
                                  const std::vector<std::string>& items) const {
  impl_->require_user(user);
  std::vector<std::pair<int32_t, float>> scored;
  const int32_t u = find_user(user);
  for (const std::string& item : items) {
    const Known known = knows_item(item);
    if (known == Known::kNo) impl_->require_item(item);
    if (known != Known::kYes) continue;
    const int32_t i = find_item(item);
    scored.emplace_back(i, ranker().score(u, i));
  }
  std::ranges::stable_sort(scored, std::greater<>(), &std::pair<int32_t, float>::second);
  ScoredIds out;
  for (const auto& [i, score] : scored) out.emplace_back(std::string(impl_->items[i]), score);
  return out;
}

int32_t ServedModel::factors() const { return impl_->view.factors; }
std::string ServedModel::kind() const { return impl_->file.text("model_name"); }
const std::string& ServedModel::path() const { return impl_->file.path(); }
const std::string& ServedModel::metadata() const { return impl_->file.metadata(); }
const IdTable& ServedModel::user_ids() const { return impl_->users; }
const IdTable& ServedModel::item_ids() const { return impl_->items; }
const FactorView& ServedModel::view() const {
  std::call_once(impl_->all_checked, [&] {
    for (const char* name : {"alpha", "beta_user", "beta_item", "gamma_user", "gamma_item"})
      impl_->need_all(name);
  });
  return impl_->view;
}
const UserItemsView& ServedModel::seen() const {
  std::call_once(impl_->histories_checked, [&] {
    constexpr int64_t kChunk = 1 << 12;
    parallel_chunks(ceil_div(impl_->view.users, kChunk), /*threads=*/0, [&](int64_t chunk) {
      const auto end = std::min<int64_t>((chunk + 1) * kChunk, impl_->view.users);
      for (int64_t u = chunk * kChunk; u < end; ++u)
        (void)impl_->history("seen", impl_->seen, static_cast<int32_t>(u));
    });
  });
  return impl_->seen;
}
std::span<const int32_t> ServedModel::user_rows() const { return impl_->user_rows; }
std::span<const int32_t> ServedModel::item_rows() const { return impl_->item_rows; }

int32_t ServedModel::find_user(std::string_view id) const { return impl_->users.find(id); }
int32_t ServedModel::find_item(std::string_view id) const { return impl_->items.find(id); }

std::string_view ServedModel::title(int32_t item) const {
  return item < 0 || impl_->titles.size() == 0 ? std::string_view() : impl_->titles[item];
}

std::string_view ServedModel::title(std::string_view item) const { return title(find_item(item)); }

}  // namespace latent
