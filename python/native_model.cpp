#include "python/native_model.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "src/base/parallel.h"

namespace latent {

namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

void require(std::span<const int32_t> rows, std::span<const int32_t> counts, int32_t size,
             const std::string& kind, const auto& untrained) {
  for (const int32_t row : rows) {
    if (row < 0 || row >= size)
      throw UnknownId("no " + kind + " has the index " + std::to_string(row) + "; there are " +
                      std::to_string(size));
    if (!counts.empty() && counts[row] == 0) throw UnknownId(untrained(row));
  }
}

/// Chunks that are large enough to be worth a thread.
constexpr int64_t kPairs = 1 << 12;

}  // namespace

Lists padded_lists(size_t rows, int64_t length) {
  const auto n = static_cast<size_t>(std::max<int64_t>(length, 0));
  return {rows, n, std::vector<int32_t>(rows * n, -1), std::vector<float>(rows * n, kNone)};
}

void NativeModel::require_users(std::span<const int32_t> users) const {
  const IdTable& ids = model_.user_ids();
  require(users, model_.user_rows(), ids.size(), "user", [&](int32_t u) {
    return model_.path() + ": " + model_.unknown_user(std::string(ids[u]));
  });
}

void NativeModel::require_items(std::span<const int32_t> items) const {
  const IdTable& ids = model_.item_ids();
  require(items, model_.item_rows(), ids.size(), "item", [&](int32_t i) {
    return model_.path() + ": " + model_.unknown_item(std::string(ids[i]));
  });
}

Lists NativeModel::recommend(std::span<const int32_t> users, const ListRules& rules) const {
  require_users(users);
  const int64_t k = std::min<int64_t>(rules.k, model_.item_ids().size());
  Lists out = padded_lists(users.size(), k);
  const std::vector<char> may = model_.listed(rules.allowed);
  const RankingRules ranking{rules.exclude_seen ? model_.seen() : UserItemsView(), may};
  const auto lists = model_.ranker().rank(users, k, ranking, rules.threads);
  for (size_t row = 0; row < lists.size(); ++row) {
    for (size_t n = 0; n < lists[row].size(); ++n)
      out.put(row, n, lists[row][n].index, lists[row][n].score);
  }
  return out;
}

Lists NativeModel::rank(std::span<const int32_t> users, std::span<const int32_t> items) const {
  require_users(users);
  const std::span<const int32_t> counts = model_.item_rows();
  std::vector<int32_t> trained;
  for (const int32_t i : items) {
    if (i < 0 || i >= model_.item_ids().size()) require_items({&i, 1});
    if (counts.empty() || counts[i] > 0) trained.push_back(i);
  }
  Lists out = padded_lists(users.size(), std::ssize(items));
  const Ranker& ranker = model_.ranker();
  parallel_chunks(std::ssize(users), /*threads=*/0, [&](int64_t row) {
    std::vector<std::pair<int32_t, float>> scored;
    for (const int32_t i : trained) scored.emplace_back(i, ranker.score(users[row], i));
    std::ranges::stable_sort(scored, std::greater<>(), &std::pair<int32_t, float>::second);
    for (size_t n = 0; n < scored.size(); ++n)
      out.put(static_cast<size_t>(row), n, scored[n].first, scored[n].second);
  });
  return out;
}

Lists NativeModel::similar(std::span<const int32_t> rows, int64_t k, bool of_items) const {
  of_items ? require_items(rows) : require_users(rows);
  const IdTable& ids = of_items ? model_.item_ids() : model_.user_ids();
  Lists out = padded_lists(rows.size(), std::min<int64_t>(k, ids.size() - 1));
  for (size_t row = 0; row < rows.size(); ++row) {
    const std::string id(ids[rows[row]]);
    const ScoredIds list = of_items ? model_.similar_items(id, k) : model_.similar_users(id, k);
    for (size_t n = 0; n < list.size(); ++n)
      out.put(row, n, ids.find(list[n].first), static_cast<float>(list[n].second));
  }
  return out;
}

Lists NativeModel::popular(const std::string& user, const ListRules& rules) const {
  const ScoredIds list = model_.popular(user, rules.k, rules.exclude_seen, rules.allowed);
  Lists out = padded_lists(1, std::ssize(list));
  for (size_t n = 0; n < list.size(); ++n)
    out.put(0, n, model_.find_item(list[n].first), static_cast<float>(list[n].second));
  return out;
}

std::vector<float> NativeModel::predict(std::span<const int32_t> users,
                                        std::span<const int32_t> items) const {
  require_users(users);
  require_items(items);
  std::vector<float> out(users.size());
  parallel_chunks(ceil_div(std::ssize(out), kPairs), /*threads=*/0, [&](int64_t chunk) {
    const int64_t end = std::min<int64_t>((chunk + 1) * kPairs, std::ssize(out));
    for (int64_t n = chunk * kPairs; n < end; ++n) out[n] = model_.predict(users[n], items[n]);
  });
  return out;
}

std::vector<double> NativeModel::predict_sd(std::span<const int32_t> users,
                                            std::span<const int32_t> items) const {
  require_users(users);
  require_items(items);
  std::vector<double> out;
  for (size_t n = 0; n < users.size(); ++n)
    out.push_back(model_.predict_sd(std::string(model_.user_ids()[users[n]]),
                                    std::string(model_.item_ids()[items[n]])));
  return out;
}

}  // namespace latent
