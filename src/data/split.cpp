#include "src/data/split.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/rng.h"
#include "src/config/complaints.h"
#include "src/data/titles.h"

namespace latent {

namespace {

/// floor(n * share), with shares such as .1 that binary fractions miss by a hair taken as meant.
int64_t part_size(int64_t n, double share) {
  return static_cast<int64_t>(std::floor(static_cast<double>(n) * share + 1e-9));
}

RandomStream split_stream(const SplitOptions& options) {
  return Rng(options.seed).stream("split");
}

Split split_randomly(Interactions rows, const SplitOptions& options) {
  shuffle(rows, split_stream(options));
  const int64_t test_begin = part_size(rows.size(), 1 - options.test);
  const int64_t valid_begin = test_begin - part_size(rows.size(), options.valid);
  Split split;
  split.test = rows.cut(test_begin);
  split.valid = rows.cut(std::max<int64_t>(0, valid_begin));
  split.train = std::move(rows);
  return split;
}

/// The newest rows of a user, by time, then by place in the file.
struct Newest {
  int64_t rows = 0, first = -1, second = -1;
};

std::vector<Newest> newest_rows(const Interactions& rows, int32_t users) {
  std::vector<Newest> out(users);
  const auto is_newer = [&](int64_t row, int64_t than) {
    return than < 0 || !rows.has_time() || rows.time[row] >= rows.time[than];
  };
  for (int64_t n = 0; n < rows.size(); ++n) {
    Newest& own = out[rows.user[n]];
    ++own.rows;
    if (is_newer(n, own.first)) {
      own.second = std::exchange(own.first, n);
    } else if (is_newer(n, own.second)) {
      own.second = n;
    }
  }
  return out;
}

Split leave_one_out(Interactions rows, int32_t users, const SplitOptions& options) {
  const std::vector<Newest> newest = newest_rows(rows, users);
  const bool wants_test = options.test > 0, wants_valid = options.valid > 0;
  Split split;
  int64_t kept = 0;
  for (int64_t n = 0; n < rows.size(); ++n) {
    const Newest& own = newest[rows.user[n]];
    // A user's last row stays in train.
    if (wants_test && n == own.first && own.rows > 1) {
      split.test.push_from(rows, n);
    } else if (wants_valid && n == (wants_test ? own.second : own.first) &&
               own.rows > (wants_test ? 2 : 1)) {
      split.valid.push_from(rows, n);
    } else {
      rows.move(n, kept++);
    }
  }
  rows.truncate(kept);
  split.train = std::move(rows);
  return split;
}

/// Moves a share of `split.train` to validation.
void carve_valid(Split& split, const SplitOptions& options) {
  shuffle(split.train, split_stream(options));
  split.valid = split.train.cut(split.train.size() - part_size(split.train.size(), options.valid));
}

}  // namespace

Split split_rows(Interactions rows, int32_t users, const SplitOptions& options) {
  refuse(wrong_shares(options));
  return options.kind == "leave_one_out" ? leave_one_out(std::move(rows), users, options)
                                         : split_randomly(std::move(rows), options);
}

SplitDataset load_dataset(const DataOptions& data, const SplitOptions& split) {
  refuse(wrong_split(data, split));
  const bool files = split.kind == "files";
  std::vector<std::string> paths = {data.path};
  if (!data.valid_path.empty()) paths.push_back(data.valid_path);
  if (!data.test_path.empty()) paths.push_back(data.test_path);
  const bool need_time = split.kind == "leave_one_out" && data.time != "none";
  RawData raw = read_files(paths, data, need_time);
  if (need_time && raw.format.time == "none")
    say(data.path + ": no time field found, so file order is time order; name one in data.time");
  SplitDataset out;
  out.read_as = read_as_of(raw);
  filter_rows(raw, data);
  note_oddities(raw.data, out.read_as);
  out.left_out = std::move(raw.data.left_out);
  out.checksum = raw.data.checksum;
  if (files) {
    std::vector<Interactions*> parts = {&out.parts.train};
    if (!data.valid_path.empty()) parts.push_back(&out.parts.valid);
    if (!data.test_path.empty()) parts.push_back(&out.parts.test);
    for (size_t part = parts.size(); --part > 0;)
      *parts[part] = raw.data.rows.cut(raw.part_ends[part - 1]);
    *parts[0] = std::move(raw.data.rows);
    if (data.valid_path.empty() && split.valid > 0) carve_valid(out.parts, split);
  } else {
    out.parts = split_rows(std::move(raw.data.rows), raw.data.users.size(), split);
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
