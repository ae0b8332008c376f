// New users, made of histories, and explanations.
#include <algorithm>

#include "python/native_model.h"
#include "src/base/parallel.h"

namespace latent {

std::vector<std::string> NativeModel::ids_of_items(std::span<const int32_t> items) const {
  const IdTable& ids = model_.item_ids();
  std::vector<std::string> out;
  for (const int32_t i : items) {
    if (i < 0 || i >= ids.size()) require_items({&i, 1});
    out.emplace_back(ids[i]);
  }
  return out;
}

std::vector<RatedId> NativeModel::history_of(const Histories& histories, size_t n) const {
  const auto from = static_cast<size_t>(histories.start[n]);
  const auto count = static_cast<size_t>(histories.start[n + 1]) - from;
  std::vector<RatedId> out;
  for (std::string& id : ids_of_items(histories.items.subspan(from, count)))
    out.push_back({std::move(id), histories.ratings[from + out.size()]});
  return out;
}

Lists NativeModel::by_index(std::span<const ScoredIds> lists, int64_t length) const {
  Lists out = padded_lists(lists.size(), length);
  for (size_t row = 0; row < lists.size(); ++row) {
    for (size_t n = 0; n < lists[row].size(); ++n)
      out.put(row, n, model_.find_item(lists[row][n].first),
              static_cast<float>(lists[row][n].second));
  }
  return out;
}

FoldedUsers NativeModel::fold_in(const Histories& histories) const {
  const auto factors = static_cast<size_t>(model_.factors());
  FoldedUsers out{std::vector<float>(histories.size() * factors),
                  std::vector<float>(histories.size())};
  parallel_chunks(static_cast<int64_t>(histories.size()), /*threads=*/0, [&](int64_t n) {
    const FoldedUser user = model_.fold_in(history_of(histories, static_cast<size_t>(n)));
    std::ranges::copy(user.factors, out.factors.begin() + n * static_cast<int64_t>(factors));
    out.bias[n] = user.bias;
  });
  return out;
}

Lists NativeModel::recommend(std::span<const FoldedUser> users, const ListRules& rules) const {
  const int64_t k = std::min<int64_t>(rules.k, model_.item_ids().size());
  std::vector<ScoredIds> lists(users.size());
  parallel_chunks(std::ssize(users), rules.threads, [&](int64_t n) {
    lists[n] = model_.recommend(users[n], k, rules.exclude_seen, rules.allowed);
  });
  return by_index(lists, k);
}

Lists NativeModel::rank(std::span<const FoldedUser> users, std::span<const int32_t> items) const {
  const std::vector<std::string> ids = ids_of_items(items);
  std::vector<ScoredIds> lists(users.size());
  parallel_chunks(std::ssize(users), /*threads=*/0,
                  [&](int64_t n) { lists[n] = model_.rank_items(users[n], ids); });
  return by_index(lists, std::ssize(items));
}

std::vector<float> NativeModel::predict(std::span<const FoldedUser> users,
                                        std::span<const int32_t> items) const {
  require_items(items);
  const std::vector<std::string> ids = ids_of_items(items);
  std::vector<float> out;
  for (size_t n = 0; n < users.size(); ++n)
    out.push_back(static_cast<float>(model_.predict(users[n], ids[n])));
  return out;
}

Explanation NativeModel::explain(int32_t user, int32_t item) const {
  require_users({&user, 1});
  require_items({&item, 1});
  return model_.explain(std::string(model_.user_ids()[user]), std::string(model_.item_ids()[item]));
}

Explanation NativeModel::explain(const Histories& history, int32_t item) const {
  require_items({&item, 1});
  return model_.explain(history_of(history, 0), std::string(model_.item_ids()[item]));
}

}  // namespace latent
