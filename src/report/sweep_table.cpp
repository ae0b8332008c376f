#include "src/report/sweep_table.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace latent {

namespace {

using nlohmann::ordered_json;
using Cells = std::vector<std::string>;

std::string figure(const ordered_json& value, const char* pattern) {
  if (!value.is_number()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, pattern, value.get<double>());
  return text;
}

std::string tuned_value(const ordered_json& tuned, const std::string& knob) {
  if (!tuned.contains(knob)) return "-";
  const ordered_json& value = tuned[knob];
  if (value.is_string()) return value;
  return value.is_number_float() ? figure(value, "%.6g") : value.dump();
}

Cells row_of(const ordered_json& sweep, const ordered_json& trial) {
  std::string metric = figure(trial["value"], "%.4f");
  if (trial["sd"].is_number()) metric += " ± " + figure(trial["sd"], "%.4f");
  if (trial["state"] == "failed") metric = "failed";
  std::string rung = trial["rung"].dump();
  if (trial["best_rung"].is_number() && trial["best_rung"] != trial["rung"])
    rung += " (best " + trial["best_rung"].dump() + ")";
  Cells row = {std::to_string(trial["trial"].get<int64_t>()), metric, rung};
  for (const auto& knob : sweep["knobs"]) row.push_back(tuned_value(trial["tuned"], knob));
  if (trial.contains("error")) row.push_back(trial["error"]);
  return row;
}

/// Columns, as UTF-8 shows them.
size_t shown_width(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](const char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

namespace {

/// `rows` in columns, right-aligned; what a row has beyond the first one's columns follows as it
/// is.
std::string in_columns(const std::vector<Cells>& rows) {
  const size_t columns = rows[0].size();
  std::vector<size_t> widths(columns);
  for (const Cells& row : rows) {
    for (size_t c = 0; c < columns; ++c) widths[c] = std::max(widths[c], shown_width(row[c]));
  }
  std::string out;
  for (const Cells& row : rows) {
    std::string line;
    for (size_t c = 0; c < row.size(); ++c) {
      if (c > 0) line += "  ";
      line += c >= columns ? row[c] : std::string(widths[c] - shown_width(row[c]), ' ') + row[c];
    }
    out += line + "\n";
  }
  return out;
}

std::string with_sd(const ordered_json& mean, const ordered_json& sd) {
  return figure(mean, "%.4f") + (sd.is_number() ? " ± " + figure(sd, "%.4f") : "");
}

}  // namespace

std::string winners_table(const ordered_json& sweep) {
  const std::string metric = sweep["metric"];
  std::vector<Cells> rows = {{"winner", "valid " + metric, "test " + metric, "trials"}};
  for (const ordered_json& winner : sweep["winners"]) {
    const ordered_json test = winner["test"].value(metric, ordered_json::object());
    Cells row = {winner["name"], with_sd(winner["value"], winner["sd"]),
               with_sd(test.value("mean", ordered_json()), test.value("sd", ordered_json())),
               winner["trials"].dump()};
    std::string tuned;
    for (const auto& [knob, value] : winner["tuned"].items()) {
      if (value != winner["name"])
        tuned += (tuned.empty() ? "" : " ") + knob + "=" + tuned_value(winner["tuned"], knob);
    }
    if (!tuned.empty()) row.push_back(tuned);
    rows.push_back(row);
  }
  return in_columns(rows);
}

std::string sweep_table(const ordered_json& sweep, size_t most) {
  const ordered_json& trials = sweep["trials"];
  std::vector<Cells> rows = {{"trial", "valid " + sweep["metric"].get<std::string>(), "rung"}};
  for (const auto& knob : sweep["knobs"]) rows[0].push_back(knob);
  const size_t shown = std::min(most, trials.size());
  for (size_t n = 0; n < shown; ++n) rows.push_back(row_of(sweep, trials[n]));
  std::string out = in_columns(rows);
  if (shown < trials.size())
    out += "and " + std::to_string(trials.size() - shown) + " more in sweep.csv\n";
  return out;
}

}  // namespace latent
