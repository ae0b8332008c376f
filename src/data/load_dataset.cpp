// From files to the parts of a data set; see split.h.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/config/complaints.h"
#include "src/data/cache.h"
#include "src/data/id_order.h"
#include "src/data/split.h"
#include "src/data/titles.h"

namespace latent {

namespace {

bool has_date(const SplitOptions& split) {
  return split.kind == "time" && !split.test_from.empty();
}

/// 978300760 or 978300760.5: seconds, as split.test_from takes them.
std::string seconds_text(double time) {
  char text[40];
  std::snprintf(text, sizeof text, "%.15g", time);
  return text;
}

/// "the times run from ... to ..." of rows with times.
std::string range_text(const Interactions& rows) {
  const auto [low, high] = std::ranges::minmax(rows.time);
  return "the times of its rows run from " + seconds_text(low) + " to " + seconds_text(high);
}

/// Above data.memory rows go to the folder of caches, where the split lets them.
RowPlace place_of_rows(const DataOptions& data, const SplitOptions& split) {
  const std::string folder = cache_folder(data).string();
  if (folder.empty() || !splits_in_passes(data, split)) return {};
  return {std::make_shared<const std::string>(folder),
          data.memory * static_cast<double>(whole_memory())};
}

/// The parts that files of their own are.
Split parts_of_files(RawData& raw, const DataOptions& data, const SplitOptions& split) {
  Split out;
  std::vector<Interactions*> parts = {&out.train};
  if (!data.valid_path.empty()) parts.push_back(&out.valid);
  if (!data.test_path.empty()) parts.push_back(&out.test);
  for (size_t part = parts.size(); --part > 0;)
    *parts[part] = raw.data.rows.cut(raw.part_ends[part - 1]);
  *parts[0] = std::move(raw.data.rows);
  if (data.valid_path.empty() && split.valid_share() > 0) carve_valid(out, split);
  return out;
}

}  // namespace

WholeDataset load_whole(const DataOptions& data, const SplitOptions& split, bool with_time) {
  refuse(wrong_split(data, split));
  std::vector<std::string> paths = {data.path};
  if (!data.valid_path.empty()) paths.push_back(data.valid_path);
  if (!data.test_path.empty()) paths.push_back(data.test_path);
  const bool need_time = needs_time(split) && data.time != "none";
  WholeDataset out;
  RawData& raw = out.raw;
  raw = read_files(paths, data, need_time || (with_time && data.time != "none"),
                   place_of_rows(data, split));
  if (raw.format.time == "none") {
    if (has_date(split))
      throw Error(data.path +
                  ": no time field found, which split.test_from needs; name one in "
                  "data.time");
    if (need_time)
      say(data.path + ": no time field found, so file order is time order; name one in data.time");
  }
  out.read_as = read_as_of(raw);
  filter_rows(raw, data);
  if (!data.ids_path.empty()) take_id_order(raw.data, data.ids_path);
  note_oddities(raw.data, out.read_as);
  return out;
}

Split split_whole(WholeDataset& whole, const DataOptions& data, const SplitOptions& split) {
  RawData& raw = whole.raw;
  const std::string range = has_date(split) ? range_text(raw.data.rows) : "";
  Split out = split.kind == "files"
                  ? parts_of_files(raw, data, split)
                  : split_rows(std::move(raw.data.rows), raw.data.users.size(), split);
  if (has_date(split)) {
    if (out.test.size() == 0)
      throw Error(data.path + ": no row is as late as split.test_from = " + split.test_from + "; " +
                  range);
    if (!split.valid_from.empty() && out.valid.size() == 0)
      throw Error(data.path + ": no row lies between split.valid_from = " + split.valid_from +
                  " and split.test_from = " + split.test_from + "; " + range);
    if (out.train.size() == 0)
      throw Error(data.path + ": no training rows left by the split, which begins at " +
                  (split.valid_from.empty() ? split.test_from : split.valid_from) + "; " + range);
  }
  if (out.train.size() == 0)
    throw Error(data.path +
                ": no training rows left by the split; lower split.test and split.valid");
  return out;
}

SplitDataset load_dataset(const DataOptions& data, const SplitOptions& split) {
  WholeDataset whole = load_whole(data, split);
  SplitDataset out;
  out.parts = split_whole(whole, data, split);
  Dataset& rest = whole.raw.data;
  out.read_as = std::move(whole.read_as);
  out.left_out = std::move(rest.left_out);
  out.strangers = std::move(rest.strangers);
  out.checksum = rest.checksum;
  out.users = std::move(rest.users);
  out.items = std::move(rest.items);
  out.titles = load_titles(data.titles, out.items).of_item;
  return out;
}

}  // namespace latent
