#include "src/run/data_info.h"

#include <algorithm>
#include <cstdio>

#include "src/config/knobs.h"
#include "src/data/read.h"
#include "src/data/row_counts.h"
#include "src/data/titles.h"
#include "src/score/top_k.h"

namespace latent {

namespace {

using nlohmann::ordered_json;

constexpr int kShown = 5;
constexpr size_t kMostRatings = 20;  // distinct values beyond this are shown as a range

ordered_json most_frequent(const std::vector<uint32_t>& counts, const IdMap& ids) {
  TopK top(kShown);
  for (int32_t n = 0; n < ids.size(); ++n) top.push(n, static_cast<float>(counts[n]));
  ordered_json out = ordered_json::array();
  for (const Scored& s : top.take())
    out.push_back({{"id", ids.name(s.index)}, {"rows", counts[s.index]}});
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

}  // namespace

ordered_json data_info(const DataOptions& options) {
  RawData raw =
      read_files({options.path}, options, options.time != "auto" && options.time != "none");
  filter_rows(raw, options);
  const Dataset& data = raw.data;
  const FormatInfo& f = raw.format;
  ordered_json out = {
      {"path", options.path},     {"format", f.format},         {"separator", f.separator},
      {"header", f.header},       {"columns", f.columns},       {"user", f.user},
      {"item", f.item},           {"rating", f.rating},         {"time", f.found_time},
      {"rows", data.rows.size()}, {"users", data.users.size()}, {"items", data.items.size()}};
  out["density"] = static_cast<double>(data.rows.size()) / data.users.size() / data.items.size();
  out["given"] = given_knobs(options);
  const RowCounts counts = count_rows(data, kMostRatings);
  out["rating_sum"] = counts.rating_sum;
  out["rating_mean"] = counts.rating_sum / static_cast<double>(data.rows.size());
  out["rating_min"] = counts.rating_min;
  out["rating_max"] = counts.rating_max;
  ordered_json values = ordered_json::array();
  for (const auto& [rating, n] : counts.ratings)
    values.push_back({{"rating", rating}, {"rows", n}});
  out["ratings"] = values;
  out["repeated_pairs"] = counts.repeated_pairs;
  out["bad_rows"] = raw.bad_rows;
  out["missing_rows"] = raw.missing_rows;
  out["most_active_users"] = most_frequent(counts.of_user, data.users);
  out["most_popular_items"] = most_frequent(counts.of_item, data.items);
  if (!options.titles.path.empty()) {
    const Titles titles = load_titles(options.titles, data.items);
    out["titles"] = {{"path", options.titles.path},
                     {"id", titles.id_column},
                     {"encoding", options.titles.encoding},
                     {"items_with_title", titles.matched}};
    for (auto& entry : out["most_popular_items"])
      entry["title"] = titles.of_item[data.items.find(entry["id"].get<std::string>())];
  }
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
