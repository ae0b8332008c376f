#include "src/data/counted_data.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/data/cache.h"
#include "src/data/cache_file.h"
#include "src/data/row_counts.h"
#include "src/formats/sections.h"
#include "src/score/top_k.h"

namespace latent {

namespace {

using nlohmann::json;

constexpr std::string_view kCountsMagic = "LATCNT01";
constexpr int kShown = 5;
constexpr size_t kMostRatings = 20;  // distinct values beyond this are shown as a range

std::vector<std::pair<std::string, int64_t>> most_frequent(const std::vector<uint32_t>& counts,
                                                           const IdMap& ids) {
  TopK top(kShown);
  for (int32_t n = 0; n < ids.size(); ++n) top.push(n, static_cast<float>(counts[n]));
  std::vector<std::pair<std::string, int64_t>> out;
  for (const Scored& s : top.take()) out.emplace_back(ids.name(s.index), counts[s.index]);
  return out;
}

json to_json(const CountedData& c) {
  return {{"format", format_to_json(c.format)},
          {"bad_rows", c.bad_rows},
          {"missing_rows", c.missing_rows},
          {"rows", c.rows},
          {"users", c.users},
          {"items", c.items},
          {"repeated_pairs", c.repeated_pairs},
          {"rating_sum", c.rating_sum},
          {"rating_min", c.rating_min},
          {"rating_max", c.rating_max},
          {"ratings", c.ratings},
          {"most_active", c.most_active},
          {"most_popular", c.most_popular}};
}

CountedData from_json(const json& in) {
  CountedData c;
  c.format = format_from_json(in.at("format"));
  in.at("bad_rows").get_to(c.bad_rows);
  in.at("missing_rows").get_to(c.missing_rows);
  in.at("rows").get_to(c.rows);
  in.at("users").get_to(c.users);
  in.at("items").get_to(c.items);
  in.at("repeated_pairs").get_to(c.repeated_pairs);
  in.at("rating_sum").get_to(c.rating_sum);
  in.at("rating_min").get_to(c.rating_min);
  in.at("rating_max").get_to(c.rating_max);
  in.at("ratings").get_to(c.ratings);
  in.at("most_active").get_to(c.most_active);
  in.at("most_popular").get_to(c.most_popular);
  return c;
}

/// Whether counts could be those of rows: a checksum says that a file is as it was written, not by
/// whom.
bool could_be_counted(const CountedData& c) {
  const auto counts = [&](const auto& list) {
    return std::all_of(list.begin(), list.end(), [&](const auto& entry) {
      return 0 <= entry.second && entry.second <= c.rows;
    });
  };
  return 0 < c.rows && c.rows <= int64_t{1} << 48 && 0 < c.users && c.users <= c.rows &&
         0 < c.items && c.items <= c.rows && 0 <= c.repeated_pairs && c.repeated_pairs < c.rows &&
         c.ratings.size() <= kMostRatings && counts(c.ratings) && counts(c.most_active) &&
         counts(c.most_popular);
}

}  // namespace

CountedData count_data(const RawData& filtered) {
  const Dataset& data = filtered.data;
  const RowCounts counts = count_rows(data, kMostRatings);
  return {.format = filtered.format,
          .bad_rows = filtered.bad_rows,
          .missing_rows = filtered.missing_rows,
          .rows = data.rows.size(),
          .users = data.users.size(),
          .items = data.items.size(),
          .repeated_pairs = counts.repeated_pairs,
          .rating_sum = counts.rating_sum,
          .rating_min = counts.rating_min,
          .rating_max = counts.rating_max,
          .ratings = {counts.ratings.begin(), counts.ratings.end()},
          .most_active = most_frequent(counts.of_user, data.users),
          .most_popular = most_frequent(counts.of_item, data.items)};
}

KeptCounts::KeptCounts(const DataOptions& options, bool need_time)
    : folder_(cache_folder(options)) {
  if (folder_.empty()) return;
  const std::string rows = cache_key({options.path}, options, need_time);
  if (rows.empty()) return;
  json filters = {"counts of", rows,          options.drop_zero, options.duplicates,
                  nullptr,     options.min_user, options.min_item};
  if (options.positive_at_least) filters[4] = *options.positive_at_least;
  key_ = filters.dump();
}

std::optional<CountedData> KeptCounts::load() const {
  if (key_.empty()) return std::nullopt;
  std::optional<CountedData> counts;
  use_cache_file(cache_file(folder_, key_), [&](const std::filesystem::path& path) {
    SectionsReader in(path, kCountsMagic, "cache file");
    in.finish();
    if (in.header().at("key") != key_) in.fail_damaged();
    CountedData found = from_json(in.header().at("counts"));
    if (!could_be_counted(found)) in.fail_damaged();
    counts = std::move(found);
  });
  if (counts && counts->bad_rows > 0)
    say("skipped " + std::to_string(counts->bad_rows) + " bad rows");
  return counts;
}

void KeptCounts::save(const CountedData& counts) const {
  if (key_.empty()) return;
  try {
    make_cache_folder(folder_);
    const json header = {{"key", key_}, {"counts", to_json(counts)}};
    SectionsWriter(cache_file(folder_, key_), kCountsMagic,
                   header.dump(-1, ' ', false, json::error_handler_t::replace))
        .commit();
  } catch (const Error& e) {
    say(std::string("no cache of counts: ") + e.what());  // a convenience only
  }
}

}  // namespace latent
