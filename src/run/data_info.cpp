#include "src/run/data_info.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "src/config/knobs.h"
#include "src/data/counted_data.h"
#include "src/data/titles.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

ordered_json listed_ids(const std::vector<std::pair<std::string, int64_t>>& most) {
  ordered_json out = ordered_json::array();
  for (const auto& [id, rows] : most) out.push_back({{"id", id}, {"rows", rows}});
  return out;
}

/// The knobs of `options` that were given, beside those that say where and how the file is read.
ordered_json given_knobs(const DataOptions& options) {
  RunConfig config, defaults;
  config.data = options;
  const auto given = knobs(config), untouched = knobs(defaults);
  ordered_json out = ordered_json::object();
  for (size_t n = 0; n < given.size(); ++n) {
    const std::string name = given[n].name.substr(given[n].name.find('.') + 1);
    const bool elsewhere =
        !given[n].name.starts_with("data.") || name.starts_with("titles.") || name == "cache_dir";
    if (!elsewhere && knob_value(given[n]) != knob_value(untouched[n]))
      out[name] = knob_value(given[n]);
  }
  return out;
}

ordered_json info_of(const CountedData& c, const DataOptions& options) {
  const FormatInfo& f = c.format;
  ordered_json out = {{"path", options.path}, {"format", f.format}, {"separator", f.separator},
                      {"header", f.header},   {"columns", f.columns}, {"user", f.user},
                      {"item", f.item},       {"rating", f.rating}, {"time", f.found_time},
                      {"rows", c.rows},       {"users", c.users},   {"items", c.items}};
  const auto rows = static_cast<double>(c.rows);
  out["density"] = rows / static_cast<double>(c.users) / static_cast<double>(c.items);
  out["given"] = given_knobs(options);
  out["rating_sum"] = c.rating_sum;
  out["rating_mean"] = c.rating_sum / rows;
  out["rating_min"] = c.rating_min;
  out["rating_max"] = c.rating_max;
  out["ratings"] = ordered_json::array();
  for (const auto& [rating, n] : c.ratings)
    out["ratings"].push_back({{"rating", rating}, {"rows", n}});
  out["repeated_pairs"] = c.repeated_pairs;
  out["bad_rows"] = c.bad_rows;
  out["missing_rows"] = c.missing_rows;
  out["most_active_users"] = listed_ids(c.most_active);
  out["most_popular_items"] = listed_ids(c.most_popular);
  return out;
}

/// The titles' part, and titles beside the most popular items.
void add_titles(const TitleOptions& options, const IdMap& items, ordered_json& out) {
  const Titles titles = load_titles(options, items);
  out["titles"] = {{"path", options.path},
                   {"id", titles.id_column},
                   {"encoding", options.encoding},
                   {"items_with_title", titles.matched}};
  for (auto& entry : out["most_popular_items"])
    entry["title"] = titles.of_item[items.find(entry["id"].get<std::string>())];
}

}  // namespace

ordered_json data_info(const DataOptions& options) {
  const bool with_titles = !options.titles.path.empty();
  const bool need_time = options.time != "auto" && options.time != "none";
  const KeptCounts kept(options, need_time);
  std::optional<CountedData> counts;
  if (!with_titles) counts = kept.load();  // titles want all items
  RawData raw;
  if (!counts) {
    raw = read_files({options.path}, options, need_time);
    filter_rows(raw, options);
    counts = count_data(raw);
    kept.save(*counts);
  }
  ordered_json out = info_of(*counts, options);
  if (with_titles) add_titles(options.titles, raw.data.items, out);
  return out;
}

std::string data_info_text(const ordered_json& info) {
  char line[160];
  std::string out;
  const auto add = [&](const char* name, const std::string& value) {
    std::snprintf(line, sizeof line, "%-18s", name);
    out += line + value + "\n";
  };
  std::string columns;
  for (const auto& c : info["columns"])
    columns += (columns.empty() ? "" : ", ") + c.get<std::string>();
  add("format",
      info["format"].get<std::string>() + (info["header"].get<bool>() ? ", with header" : ""));
  if (!columns.empty()) add("columns", columns);
  std::string roles;
  for (const char* name : {"user", "item", "rating", "time"})
    roles += std::string(roles.empty() ? "" : ", ") + name + " " + info[name].get<std::string>();
  add("read as", roles);
  for (const char* name : {"rows", "users", "items"}) add(name, info[name].dump());
  std::snprintf(line, sizeof line, "%.4f %%", 100 * info["density"].get<double>());
  add("density", line);
  std::snprintf(line, sizeof line, "%g to %g, mean %.4f, sum %.10g",
                info["rating_min"].get<double>(), info["rating_max"].get<double>(),
                info["rating_mean"].get<double>(), info["rating_sum"].get<double>());
  add("ratings", line);
  int64_t most = 1;
  for (const auto& value : info["ratings"]) most = std::max(most, value["rows"].get<int64_t>());
  for (const auto& value : info["ratings"]) {
    const auto rows = value["rows"].get<int64_t>();
    std::snprintf(line, sizeof line, "%5g %10lld ", value["rating"].get<double>(),
                  static_cast<long long>(rows));
    add("", line + std::string(static_cast<size_t>(40 * rows / most), '#'));
  }
  add("repeated pairs", info["repeated_pairs"].dump());
  if (info["bad_rows"] > 0) add("bad rows skipped", info["bad_rows"].dump());
  for (const char* name : {"most_active_users", "most_popular_items"}) {
    std::string list;
    for (const auto& entry : info[name])
      list += (list.empty() ? "" : ", ") + entry["id"].get<std::string>() + " (" +
              entry["rows"].dump() + ")" +
              (entry.contains("title") ? " " + entry["title"].get<std::string>() : "");
    add(std::string(name) == "most_active_users" ? "most active" : "most popular", list);
  }
  if (info.contains("titles")) {
    add("titles", info["titles"]["items_with_title"].dump() + " of " + info["items"].dump() +
                      " items, by column " + info["titles"]["id"].get<std::string>());
  }
  ordered_json data;
  for (const char* name : {"path", "format", "user", "item", "rating"}) data[name] = info[name];
  if (info["format"] == "csv" && info["separator"] != ",") data["separator"] = info["separator"];
  if (info["time"] != "none") data["time"] = info["time"];
  for (const auto& [name, value] : info["given"].items()) {
    if (!data.contains(name)) data[name] = value;
  }
  if (info.contains("titles"))
    data["titles"] = {{"path", info["titles"]["path"]},
                      {"id", info["titles"]["id"]},
                      {"encoding", info["titles"]["encoding"]}};
  return out + "\nfor a config:\n  \"data\": " + data.dump() + "\n";
}

}  // namespace latent
