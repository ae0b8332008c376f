#include "src/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/rng.h"
#include "src/data/titles.h"

namespace latent {

namespace {

std::vector<int64_t> shuffled_rows(int64_t n, int64_t seed) {
  std::vector<int64_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  shuffle(order, Rng(seed).stream("split"));
  return order;
}

/// floor(n * share), with shares such as .1 that binary fractions miss by a hair taken as meant.
int64_t part_size(int64_t n, double share) {
  return static_cast<int64_t>(std::floor(static_cast<double>(n) * share + 1e-9));
}

void take(const Interactions& from, const std::vector<int64_t>& order, int64_t begin, int64_t end,
          Interactions& to) {
  to.reserve(end - begin);
  for (int64_t n = begin; n < end; ++n) to.push_from(from, order[n]);
}

Split split_randomly(const Interactions& rows, const SplitOptions& options) {
  const std::vector<int64_t> order = shuffled_rows(rows.size(), options.seed);
  const int64_t n = rows.size();
  const int64_t test_begin = part_size(n, 1 - options.test);
  const int64_t valid_begin = test_begin - part_size(n, options.valid);
  Split split;
  take(rows, order, 0, std::max<int64_t>(0, valid_begin), split.train);
  take(rows, order, std::max<int64_t>(0, valid_begin), test_begin, split.valid);
  take(rows, order, test_begin, n, split.test);
  return split;
}

Split leave_one_out(const Interactions& rows, int32_t users, const SplitOptions& options) {
  std::vector<std::vector<int64_t>> of_user(users);
  for (int64_t n = 0; n < rows.size(); ++n) of_user[rows.user[n]].push_back(n);
  std::vector<char> part(rows.size(), 0);  // 0 train, 1 valid, 2 test
  for (auto& own : of_user) {
    if (rows.has_time()) {
      std::stable_sort(own.begin(), own.end(),
                       [&](int64_t a, int64_t b) { return rows.time[a] < rows.time[b]; });
    }
    for (const char held : {char{2}, char{1}}) {
      const bool wanted = held == 2 ? options.test > 0 : options.valid > 0;
      if (!wanted || own.size() < 2) continue;
      part[own.back()] = held;
      own.pop_back();
    }
  }
  Split split;
  for (int64_t n = 0; n < rows.size(); ++n) {
    (part[n] == 0 ? split.train : part[n] == 1 ? split.valid : split.test).push_from(rows, n);
  }
  return split;
}

/// Moves a share of `split.train` to validation.
void carve_valid(Split& split, const SplitOptions& options) {
  const Interactions all = std::move(split.train);
  split.train = {};
  const std::vector<int64_t> order = shuffled_rows(all.size(), options.seed);
  const int64_t kept = all.size() - part_size(all.size(), options.valid);
  take(all, order, 0, kept, split.train);
  take(all, order, kept, all.size(), split.valid);
}

}  // namespace

Split split_rows(const Interactions& rows, int32_t users, const SplitOptions& options) {
  if (options.test + options.valid >= 1)
    throw Error("split.test and split.valid together must be below 1");
  return options.kind == "leave_one_out" ? leave_one_out(rows, users, options)
                                         : split_randomly(rows, options);
}

SplitDataset load_dataset(const DataOptions& data, const SplitOptions& split) {
  if (data.path.empty()) throw Error("data.path is not set; give the file of ratings");
  const bool files = split.kind == "files";
  if (!files && (!data.valid_path.empty() || !data.test_path.empty())) {
    throw Error("data.valid_path and data.test_path need split.kind = files, not " + split.kind);
  }
  std::vector<std::string> paths = {data.path};
  if (!data.valid_path.empty()) paths.push_back(data.valid_path);
  if (!data.test_path.empty()) paths.push_back(data.test_path);
  if (files && data.test_path.empty() && data.valid_path.empty()) {
    throw Error("split.kind = files needs data.test_path or data.valid_path");
  }
  const bool need_time = split.kind == "leave_one_out" && data.time != "none";
  RawData raw = read_files(paths, data, need_time);
  if (need_time && raw.format.time == "none")
    say(data.path + ": no time field found, so file order is time order; name one in data.time");
  filter_rows(raw, data);

  SplitDataset out;
  out.checksum = raw.data.checksum;
  if (files) {
    std::vector<Interactions*> parts = {&out.parts.train};
    if (!data.valid_path.empty()) parts.push_back(&out.parts.valid);
    if (!data.test_path.empty()) parts.push_back(&out.parts.test);
    int64_t row = 0;
    for (size_t part = 0; part < parts.size(); ++part) {
      for (; row < raw.part_ends[part]; ++row) parts[part]->push_from(raw.data.rows, row);
    }
    if (data.valid_path.empty() && split.valid > 0) carve_valid(out.parts, split);
  } else {
    out.parts = split_rows(raw.data.rows, raw.data.users.size(), split);
  }
  out.users = std::move(raw.data.users);
  out.items = std::move(raw.data.items);
  out.titles = load_titles(data.titles, out.items).of_item;
  if (out.parts.train.size() == 0) {
    throw Error(data.path +
                ": no training rows left by the split; lower split.test and split.valid");
  }
  return out;
}

}  // namespace latent
