#include "src/serve/served_model.h"

#include <algorithm>
#include <cmath>

#include "src/base/parallel.h"
#include "src/score/nearest.h"
#include "src/serve/served_model_impl.h"

namespace latent {

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

UserVector ServedModel::user_vector(int32_t user) const {
  impl_->need_user(user);
  return {impl_->view.factors_of_user(user), impl_->view.base(user)};
}

const Ranker& ServedModel::ranker() const {
  std::call_once(impl_->ranker_made, [&] { impl_->ranker.emplace(view()); });
  return *impl_->ranker;
}

bool ServedModel::has_histories() const { return !impl_->seen.item.empty(); }

void ServedModel::check_all() const {
  for (const auto& [name, array] : impl_->file.arrays()) array.check_all();
  (void)view();
  (void)seen();
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
  const Listing may(*impl_, *this, allowed);
  const auto seen = exclude_seen ? impl_->history("seen", impl_->seen, index)
                                 : std::span<const int32_t>();
  return impl_->named(impl_->items, impl_->list(*this, user_vector(index), k, seen, may.items()));
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
  const Listing may(*impl_, *this, allowed);
  const RankingRules rules{exclude_seen ? impl_->seen : UserItemsView(), may.items()};
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
  const FactorView& v = impl_->view;
  for (const char* name : {"beta_item", "gamma_item"}) impl_->need_all(name);
  const bool biased = impl_->file.flag("bias_is_a_factor");
  return impl_->named(impl_->items,
                      nearest({v.gamma_item, v.items, v.factors, biased ? v.beta_item : nullptr},
                              find_item(item), k, impl_->item_rows));
}

ScoredIds ServedModel::similar_users(const std::string& user, int64_t k) const {
  impl_->require_user(user);
  impl_->require_factors("users");
  const FactorView& v = impl_->view;
  impl_->need_all("gamma_user");
  return impl_->named(impl_->users, nearest({v.gamma_user, v.users, v.factors, nullptr,
                                             impl_->file.flag("bias_is_a_factor")},
                                            find_user(user), k, impl_->user_rows));
}

ScoredIds ServedModel::rank_items(const std::string& user,
                                  const std::vector<std::string>& items) const {
  impl_->require_user(user);
  const UserVector vector = user_vector(find_user(user));
  return impl_->ranked(items, [&](int32_t i) { return impl_->score(vector, i); });
}

int32_t ServedModel::factors() const { return impl_->view.factors; }
std::string ServedModel::kind() const { return impl_->file.text("model_name"); }
const std::string& ServedModel::path() const { return impl_->file.path(); }
const std::string& ServedModel::metadata() const { return impl_->file.metadata(); }
const IdTable& ServedModel::user_ids() const { return impl_->users; }
const IdTable& ServedModel::item_ids() const { return impl_->items; }
const std::map<std::string, StoredArray>& ServedModel::arrays() const {
  return impl_->file.arrays();
}
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
