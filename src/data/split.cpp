#include "src/data/split.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <utility>

#include "src/base/counting_sort.h"
#include "src/base/error.h"
#include "src/base/rng.h"
#include "src/base/times.h"
#include "src/config/auto_values.h"
#include "src/config/complaints.h"

namespace latent {

namespace {

/// floor(n * share), with shares such as .1 that binary fractions miss by a hair taken as meant.
int64_t part_size(int64_t n, double share) {
  return static_cast<int64_t>(std::floor(static_cast<double>(n) * share + 1e-9));
}

int64_t valid_size(int64_t rows, const SplitOptions& options) {
  return part_size(rows, valid_share_of(options, rows));
}

RandomStream split_stream(const SplitOptions& options) {
  return Rng(options.seed).stream("split");
}

enum class Part : char { kTrain, kValid, kTest };

/// No rows in any part yet, which are to lie where `rows` do.
Split parts_like(const Interactions& rows) {
  Split split;
  for (Interactions* part : {&split.train, &split.valid, &split.test})
    *part = Interactions(rows.folder());
  return split;
}

/// The rows of each part, in the order that they have; part_of(rows, n) is asked for each in turn.
template <typename PartOf>
Split split_by(Interactions rows, const PartOf& part_of) {
  Split split = parts_like(rows);
  rows.prepare_to_change();
  int64_t kept = 0;
  for (int64_t n = 0; n < rows.size(); ++n) {
    const Part part = part_of(std::as_const(rows), n);
    if (part == Part::kTrain) {
      rows.move(n, kept++);
    } else {
      (part == Part::kTest ? split.test : split.valid).push_from(rows, n);
    }
  }
  rows.truncate(kept);
  split.train = std::move(rows);
  return split;
}

Split split_by_row(Interactions rows, const SplitOptions& options) {
  constexpr int64_t kDraws = 1 << 16;  // part of the definition of the streams
  const double test = options.test, both = test + valid_share_of(options, rows.size());
  const Rng rng(options.seed);
  RandomStream stream(0);
  return split_by(std::move(rows), [&](const Interactions&, int64_t n) {
    if (n % kDraws == 0) stream = rng.stream("split_row", n / kDraws);
    const double draw = stream.uniform();
    return draw < test ? Part::kTest : draw < both ? Part::kValid : Part::kTrain;
  });
}

Split split_randomly(Interactions rows, const SplitOptions& options) {
  shuffle(rows, split_stream(options));
  const int64_t test_begin = part_size(rows.size(), 1 - options.test);
  const int64_t valid_begin = test_begin - valid_size(rows.size(), options);
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
  const bool wants_test = options.test > 0;
  const bool wants_valid = valid_share_of(options, rows.size()) > 0;
  return split_by(std::move(rows), [&](const Interactions& r, int64_t n) {
    const Newest& own = newest[r.user[n]];
    // A user's last row stays in train.
    if (wants_test && n == own.first && own.rows > 1) return Part::kTest;
    const bool next = wants_valid && n == (wants_test ? own.second : own.first);
    return next && own.rows > (wants_test ? 2 : 1) ? Part::kValid : Part::kTrain;
  });
}

/// Oldest first: by time, then by place in the file.
void sort_by_time(const Interactions& rows, std::span<int64_t> order) {
  if (!rows.has_time()) return;
  std::ranges::stable_sort(order, {}, [&](int64_t row) { return rows.time[row]; });
}

/// Rows from `moment` on that are in no later part yet go to `part`.
void take_from(const std::string& moment, Part part, const Interactions& rows,
               std::vector<Part>& part_of_row) {
  const double from = *time_of(moment);
  for (int64_t n = 0; n < rows.size(); ++n) {
    if (rows.time[n] >= from && part_of_row[n] == Part::kTrain) part_of_row[n] = part;
  }
}

Split split_by_time(Interactions rows, const SplitOptions& options) {
  std::vector<Part> part_of_row(rows.size(), Part::kTrain);
  std::vector<int64_t> order;  // made where a share asks for it
  const auto take_newest = [&](int64_t left, Part part) {
    if (left == 0) return;
    if (order.empty()) {
      order.resize(rows.size());
      std::iota(order.begin(), order.end(), 0);
      sort_by_time(rows, order);
    }
    for (auto at = order.rbegin(); at != order.rend() && left > 0; ++at) {
      if (part_of_row[*at] != Part::kTrain) continue;
      part_of_row[*at] = part;
      --left;
    }
  };
  if (options.test_from.empty()) {
    take_newest(rows.size() - part_size(rows.size(), 1 - options.test), Part::kTest);
  } else {
    take_from(options.test_from, Part::kTest, rows, part_of_row);
  }
  if (options.valid_from.empty()) {
    take_newest(valid_size(rows.size(), options), Part::kValid);
  } else {
    take_from(options.valid_from, Part::kValid, rows, part_of_row);
  }
  return split_by(std::move(rows), [&](const Interactions&, int64_t n) { return part_of_row[n]; });
}

Split split_per_user(Interactions rows, int32_t users, const SplitOptions& options) {
  std::vector<Part> part_of_row(rows.size(), Part::kTrain);
  std::vector<int64_t> by_user(rows.size());
  const std::vector<int64_t> start = counting_sort(
      rows.size(), users, [&](int64_t n) { return rows.user[n]; },
      [&](int64_t n, int64_t place) { by_user[place] = n; });
  const double valid_share = valid_share_of(options, rows.size());
  for (int32_t u = 0; u < users; ++u) {
    const int64_t count = start[u + 1] - start[u];
    const std::span<int64_t> own(by_user.data() + start[u], count);
    if (options.order == "newest") {
      sort_by_time(rows, own);
    } else {
      shuffle(own, Rng(options.seed).stream("split_user", u));
    }
    const int64_t test = std::min(part_size(count, options.test), count - 1);
    const int64_t valid = std::min(part_size(count, valid_share), count - 1 - test);
    for (int64_t n = 0; n < test + valid; ++n)
      part_of_row[own[count - 1 - n]] = n < test ? Part::kTest : Part::kValid;
  }
  return split_by(std::move(rows), [&](const Interactions&, int64_t n) { return part_of_row[n]; });
}

}  // namespace

void shuffle_into_folds(Interactions& rows, const SplitOptions& options) {
  if (rows.size() < options.folds)
    throw Error("split.folds = " + std::to_string(options.folds) +
                " needs at least as many rows; there are " + std::to_string(rows.size()));
  shuffle(rows, split_stream(options));
}

Split fold_of(const Interactions& shuffled, int64_t fold, int64_t folds, double valid) {
  const int64_t size = shuffled.size() / folds, more = shuffled.size() % folds;
  const int64_t begin = fold * size + std::min(fold, more);
  const int64_t end = begin + size + (fold < more ? 1 : 0);
  Split split;
  Interactions& rest = split.train;
  rest.reserve(shuffled.size() - (end - begin));
  for (int64_t n = 0; n < shuffled.size(); ++n)
    (n >= begin && n < end ? split.test : rest).push_from(shuffled, n);
  const auto held = static_cast<int64_t>(valid * static_cast<double>(rest.size()));
  split.valid = rest.cut(rest.size() - held);
  return split;
}

void carve_valid(Split& split, const SplitOptions& options) {
  shuffle(split.train, split_stream(options));
  split.valid = split.train.cut(split.train.size() - valid_size(split.train.size(), options));
}

bool splits_in_passes(const DataOptions& data, const SplitOptions& split) {
  if (split.kind == "random") return split.by_row_on_disk;
  if (split.kind == "by_row" || split.kind == "leave_one_out") return true;
  const bool no_valid = split.valid_share() == 0;
  if (split.kind == "files") return no_valid || !data.valid_path.empty();
  return split.kind == "time" && !split.test_from.empty() &&
         (no_valid || !split.valid_from.empty());
}

bool needs_time(const SplitOptions& options) {
  return options.kind == "leave_one_out" || options.kind == "time" ||
         (options.kind == "per_user" && options.order == "newest");
}

Split split_rows(Interactions rows, int32_t users, const SplitOptions& options) {
  refuse(wrong_shares(options));
  const bool random_on_disk = options.kind == "random" && options.by_row_on_disk && rows.on_disk();
  if (options.kind == "by_row" || random_on_disk) return split_by_row(std::move(rows), options);
  if (options.kind == "time") return split_by_time(std::move(rows), options);
  if (options.kind == "per_user") return split_per_user(std::move(rows), users, options);
  if (options.kind == "leave_one_out") return leave_one_out(std::move(rows), users, options);
  if (options.kind == "k_fold") {
    shuffle_into_folds(rows, options);
    return fold_of(rows, options.fold - 1, options.folds, valid_share_of(options, rows.size()));
  }
  return split_randomly(std::move(rows), options);
}

}  // namespace latent
