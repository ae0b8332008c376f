#include "src/data/cache.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "src/base/error.h"
#include "src/base/log.h"
#include "src/base/parallel.h"
#include "src/data/cache_file.h"
#include "src/formats/sections.h"

namespace latent {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kMagic = "LATCAC02";

json ids_header(const IdMap& ids) { return {{"count", ids.size()}, {"bytes", ids.text().size()}}; }

/// Text and ends of an IdMap as they come from the file.
struct StoredIds {
  std::string text;
  std::vector<uint64_t> ends;

  void read(SectionsReader& in, const json& header) {
    in.next_values(text, header.at("bytes").get<uint64_t>());
    in.next_values(ends, header.at("count").get<uint64_t>() + 1);
  }
};

bool all_below(std::span<const int32_t> indices, int32_t size) {
  constexpr int64_t kPiece = 1 << 20;
  const auto n = static_cast<int64_t>(indices.size());
  std::atomic<bool> good = true;
  parallel_chunks((n + kPiece - 1) / kPiece, /*threads=*/0, [&](int64_t piece) {
    // As unsigned numbers the negative ones are the largest.
    uint32_t most = 0;
    for (int64_t k = piece * kPiece; k < std::min(n, (piece + 1) * kPiece); ++k)
      most = std::max(most, static_cast<uint32_t>(indices[static_cast<size_t>(k)]));
    if (most >= static_cast<uint32_t>(size)) good = false;
  });
  return good;
}

bool is_sound(const StoredIds& ids) {
  return !ids.ends.empty() && ids.ends.size() <= INT32_MAX && ids.ends.front() == 0 &&
         ids.ends.back() == ids.text.size() && std::is_sorted(ids.ends.begin(), ids.ends.end());
}

/// Whether no index and no end leads out of what it is for: a checksum says that the file is as it
/// was written, not by whom.
bool is_sound(const RawData& raw, const StoredIds& users, const StoredIds& items) {
  if (!is_sound(users) || !is_sound(items)) return false;
  const auto user_count = static_cast<int32_t>(users.ends.size()) - 1;
  const auto item_count = static_cast<int32_t>(items.ends.size()) - 1;
  const Dataset& d = raw.data;
  return all_below(d.rows.user, user_count) && all_below(d.rows.item, item_count) &&
         all_below(d.left_out.user, user_count) && all_below(d.left_out.item, item_count) &&
         std::is_sorted(raw.part_ends.begin(), raw.part_ends.end()) &&
         (raw.part_ends.empty()
              ? d.rows.size() == 0
              : raw.part_ends.front() >= 0 && raw.part_ends.back() == d.rows.size());
}

/// The column that the next `count` values of the file are: where they lie on disk, mapped.
template <typename T>
void next_column(SectionsReader& in, Column<T>& column, uint64_t count,
                 const std::shared_ptr<char>& whole) {
  const ColumnFolder folder = column.get_allocator().folder();
  const uint64_t at = in.at();
  if (whole == nullptr || at % alignof(T) != 0) return in.next_values(column, count);
  if (count > in.left() / sizeof(T)) in.fail_damaged();
  in.next(nullptr, count * sizeof(T));
  column = lent_column<T>(folder, {whole, whole.get() + at}, count);
}

RawData load(const fs::path& path, const std::string& key, const RowPlace& place) {
  SectionsReader in(path, kMagic, "cache file");
  const json& header = in.header();
  if (header.at("key") != key) in.fail_damaged();
  RawData raw;
  raw.part_ends = header.at("part_ends").get<std::vector<int64_t>>();
  raw.bad_rows = header.at("bad_rows");
  raw.data.checksum = header.at("checksum");
  raw.format = format_from_json(header.at("format"));
  raw.missing_rows = header.at("missing_rows");
  const uint64_t n = header.at("rows"), left_out = header.at("left_out");
  Interactions& rows = raw.data.rows;
  StoredIds users, items;
  const bool has_time = header.at("has_time");
  if (place.takes_to_disk(bytes_of_rows(static_cast<int64_t>(n), has_time)))
    rows = Interactions(place.folder);
  const auto whole = rows.on_disk() ? map_file(in.file()) : nullptr;
  next_column(in, rows.user, n, whole);
  next_column(in, rows.item, n, whole);
  next_column(in, rows.rating, n, whole);
  if (has_time) next_column(in, rows.time, n, whole);
  in.next_values(raw.data.left_out.user, left_out);
  in.next_values(raw.data.left_out.item, left_out);
  users.read(in, header.at("users"));
  items.read(in, header.at("items"));
  in.finish();
  if (!is_sound(raw, users, items)) in.fail_damaged();
  raw.data.users = IdMap(std::move(users.text), std::move(users.ends));
  raw.data.items = IdMap(std::move(items.text), std::move(items.ends));
  return raw;
}

}  // namespace

fs::path cache_folder(const DataOptions& options) {
  if (options.cache_dir == "none") return {};
  if (!options.cache_dir.empty()) return options.cache_dir;
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache != '\0')
    return fs::path(cache) / "latent";
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    return fs::path(home) / ".cache" / "latent";
  return {};
}

std::string cache_key(const std::vector<std::string>& paths, const DataOptions& options,
                      bool need_time) {
  json key = {options.format,     options.separator,    options.header,  options.decimal,
              options.encoding,   options.user,         options.item,    options.rating,
              options.time,       options.rating_map,   options.missing, options.where,
              options.on_bad_row, options.max_bad_rows, need_time};
  for (const std::string& path : paths) {
    std::error_code failed;
    const auto size = fs::file_size(path, failed);
    // A pipe has none; of a missing file the reader says what is wrong.
    if (failed || path == "-") return "";
    key.push_back({fs::weakly_canonical(path, failed).string(), size,
                   fs::last_write_time(path).time_since_epoch().count()});
  }
  return key.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<RawData> load_cached(const fs::path& folder, const std::string& key,
                                   const RowPlace& place) {
  std::optional<RawData> raw;
  use_cache_file(cache_file(folder, key),
                 [&](const fs::path& path) { raw = load(path, key, place); });
  return raw;
}

void save_cached(const fs::path& folder, const std::string& key, const RawData& raw) {
  make_cache_folder(folder);
  const json header = {{"key", key},
                       {"rows", raw.data.rows.size()},
                       {"part_ends", raw.part_ends},
                       {"bad_rows", raw.bad_rows},
                       {"missing_rows", raw.missing_rows},
                       {"left_out", raw.data.left_out.size()},
                       {"checksum", raw.data.checksum},
                       {"has_time", raw.data.rows.has_time()},
                       {"users", ids_header(raw.data.users)},
                       {"items", ids_header(raw.data.items)},
                        {"format", format_to_json(raw.format)}};
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // so that the columns may be mapped
  SectionsWriter out(cache_file(folder, key), kMagic, text);
  const Interactions& rows = raw.data.rows;
  out.add(rows.user);
  out.add(rows.item);
  out.add(rows.rating);
  out.add(rows.time);
  out.add(raw.data.left_out.user);
  out.add(raw.data.left_out.item);
  for (const IdMap* ids : {&raw.data.users, &raw.data.items}) {
    out.add(ids->text().data(), ids->text().size());
    out.add(ids->ends());
  }
  out.commit();
}

RawData read_files(const std::vector<std::string>& paths, const DataOptions& options,
                   bool need_time, const RowPlace& place) {
  const fs::path folder = cache_folder(options);
  const std::string key = folder.empty() ? "" : cache_key(paths, options, need_time);
  if (key.empty()) return parse_files(paths, options, need_time, place);
  if (auto raw = load_cached(folder, key, place)) {
    if (raw->bad_rows > 0) say("skipped " + std::to_string(raw->bad_rows) + " bad rows");
    return std::move(*raw);
  }
  RawData raw = parse_files(paths, options, need_time, place);
  try {
    save_cached(folder, key, raw);
  } catch (const Error& e) {
    say(std::string("no cache: ") + e.what());  // a convenience only
  }
  return raw;
}

}  // namespace latent
