// Row filters; see read.h.
#include <algorithm>
#include <utility>

#include "src/base/error.h"
#include "src/data/read.h"

namespace latent {

namespace {

using Flags = std::vector<char>;

int64_t part_of(const std::vector<int64_t>& ends, int64_t row) {
  return std::upper_bound(ends.begin(), ends.end(), row) - ends.begin();
}

/// Settles rows that repeat a (part, user, item): one of them stays in `keep`.
void settle_duplicates(RawData& raw, const std::string& policy, Flags& keep) {
  Interactions& rows = raw.data.rows;
  if (policy == "mean") rows.prepare_to_change();
  std::vector<int64_t> order;
  for (int64_t n = 0; n < rows.size(); ++n) {
    if (keep[n]) order.push_back(n);
  }
  const auto key = [&](int64_t n) {
    return std::tuple(part_of(raw.part_ends, n), rows.user[n], rows.item[n]);
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return key(a) < key(b); });
  for (size_t from = 0, to; from < order.size(); from = to) {
    double sum = 0;
    for (to = from; to < order.size() && key(order[to]) == key(order[from]); ++to) {
      sum += rows.rating[order[to]];
      keep[order[to]] = 0;
    }
    const int64_t stays = policy == "last" ? order[to - 1] : order[from];
    keep[stays] = 1;
    if (policy == "mean")
      rows.rating[stays] = static_cast<float>(sum / static_cast<double>(to - from));
  }
}

/// Drops rows of rare users and items until every count that is left is large enough.
void k_core(const Dataset& data, int64_t min_user, int64_t min_item, Flags& keep) {
  std::vector<int64_t> per_user(data.users.size()), per_item(data.items.size());
  for (int64_t n = 0; n < data.rows.size(); ++n) {
    per_user[data.rows.user[n]] += keep[n];
    per_item[data.rows.item[n]] += keep[n];
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (int64_t n = 0; n < data.rows.size(); ++n) {
      const int32_t u = data.rows.user[n], i = data.rows.item[n];
      if (!keep[n] || (per_user[u] >= min_user && per_item[i] >= min_item)) continue;
      keep[n] = 0;
      --per_user[u];
      --per_item[i];
      changed = true;
    }
  }
}

/// The pairs whose user and item both have a new id, by those.
Pairs renumbered(const Pairs& pairs, const std::vector<int32_t>& user,
                 const std::vector<int32_t>& item) {
  Pairs out;
  for (int64_t n = 0; n < pairs.size(); ++n) {
    const int32_t u = user[pairs.user[n]], i = item[pairs.item[n]];
    if (u >= 0 && i >= 0) out.push(u, i);
  }
  return out;
}

/// Those of `pairs` whose user has no new id, though the item has; `names` are the old users.
void add_strangers(const Pairs& pairs, const IdMap& names, const std::vector<int32_t>& user,
                   const std::vector<int32_t>& item, Strangers& out) {
  for (int64_t n = 0; n < pairs.size(); ++n) {
    if (user[pairs.user[n]] < 0 && item[pairs.item[n]] >= 0)
      out.pairs.push(out.users.add(names.name(pairs.user[n])), item[pairs.item[n]]);
  }
}

/// The rows in `keep` with ids given anew.
void compact(RawData& raw, const Flags& keep) {
  Pairs dropped;
  for (int64_t n = 0; n < raw.data.rows.size(); ++n) {
    if (!keep[n]) dropped.push(raw.data.rows.user[n], raw.data.rows.item[n]);
  }
  IdMap users, items;
  Interactions& rows = raw.data.rows;
  rows.prepare_to_change();
  int64_t kept = 0;
  std::vector<int32_t> user(raw.data.users.size(), -1), item(raw.data.items.size(), -1);
  std::vector<int64_t> ends(raw.part_ends.size());
  for (int64_t n = 0, part = 0; n < rows.size(); ++n) {
    while (n >= raw.part_ends[part]) ++part;
    if (!keep[n]) continue;
    int32_t& u = user[rows.user[n]];
    int32_t& i = item[rows.item[n]];
    if (u < 0) u = users.add(raw.data.users.name(rows.user[n]));
    if (i < 0) i = items.add(raw.data.items.name(rows.item[n]));
    rows.move(n, kept);
    rows.user[kept] = u;
    rows.item[kept++] = i;
    ++ends[part];
  }
  for (size_t part = 1; part < ends.size(); ++part) ends[part] += ends[part - 1];
  rows.truncate(kept);
  for (const Pairs* pairs : {&dropped, &raw.data.left_out})
    add_strangers(*pairs, raw.data.users, user, item, raw.data.strangers);
  raw.data.left_out = renumbered(raw.data.left_out, user, item);
  raw.data.users = std::move(users);
  raw.data.items = std::move(items);
  raw.part_ends = std::move(ends);
}

}  // namespace

void filter_rows(RawData& raw, const DataOptions& options) {
  const Interactions& rows = raw.data.rows;
  const int64_t before = rows.size();
  const bool keeps_all = !options.drop_zero && !options.positive_at_least &&
                         options.duplicates == "keep" && options.min_user <= 1 &&
                         options.min_item <= 1 && raw.data.left_out.size() == 0;
  if (keeps_all && before > 0) return;
  Flags keep(rows.size(), 1);
  for (int64_t n = 0; n < rows.size(); ++n) {
    if (options.drop_zero && rows.rating[n] == 0) keep[n] = 0;
    if (options.positive_at_least && rows.rating[n] < *options.positive_at_least) keep[n] = 0;
    if (!keep[n]) raw.data.left_out.push(rows.user[n], rows.item[n]);
  }
  if (options.duplicates != "keep") settle_duplicates(raw, options.duplicates, keep);
  if (options.min_user > 1 || options.min_item > 1)
    k_core(raw.data, options.min_user, options.min_item, keep);
  if (raw.data.left_out.size() > 0 || std::find(keep.begin(), keep.end(), 0) != keep.end())
    compact(raw, keep);
  if (raw.data.rows.size() == 0) {
    throw Error(options.path + ": no interactions left of " + std::to_string(before) +
                " rows; see data.where, data.missing, data.drop_zero, data.positive_at_least, "
                "data.min_user, data.min_item");
  }
}

}  // namespace latent
