#include "src/report/run_table.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace latent {

namespace {

using nlohmann::ordered_json;
using Cells = std::vector<std::string>;

/// Text without quotes, all else as JSON.
std::string cell_text(const ordered_json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string rounded(const ordered_json& figure) {
  if (figure.is_null()) return "-";
  if (figure.is_number_integer()) return figure.dump();
  char text[40];
  std::snprintf(text, sizeof text, "%.4f", figure.get<double>());
  return text;
}

/// Characters of UTF-8 text.
size_t cell_width(const std::string& text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return static_cast<size_t>(std::ranges::count_if(text, begins));
}

/// Line breaks and the like would tear the table.
std::string in_one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 32; }, '?');
  return text;
}

std::string state_of(const ordered_json& run) {
  if (run.contains("error")) return run["error"].get<std::string>();
  if (run["finished"].get<bool>()) return "finished";
  const int64_t step = run["step"];
  return step > 0 ? "at step " + std::to_string(step) : "no checkpoint";
}

/// "2026-11-26 15:41" of "2026-11-26T15:41:00Z".
std::string minute_of(const std::string& when) {
  return when.substr(0, 10) + " " + when.substr(11, 5);
}

std::string quoted_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string run_table(const ordered_json& list) {
  if (list["runs"].empty()) return "";
  Cells header = {"run", "model"};
  for (const std::string knob : list["knobs"]) header.push_back(knob);
  const size_t first_figure = header.size();
  for (const std::string metric : list["metrics"]) header.push_back(metric);
  const size_t behind_figures = header.size();
  header.insert(header.end(), {"when (UTC)", "state"});
  std::vector<Cells> lines = {header};
  for (const ordered_json& run : list["runs"]) {
    const bool damaged = run.contains("error");
    Cells line = {run["name"], damaged ? "-" : run["model"].get<std::string>()};
    for (const std::string knob : list["knobs"])
      line.push_back(damaged || !run["knobs"].contains(knob) ? "-" : cell_text(run["knobs"][knob]));
    for (const std::string metric : list["metrics"])
      line.push_back(damaged ? "-" : rounded(run["metrics"][metric]));
    line.insert(line.end(), {minute_of(run["when"]), state_of(run)});
    for (std::string& cell : line) cell = in_one_line(cell);
    lines.push_back(line);
  }
  std::vector<size_t> widths(header.size(), 0);
  for (const Cells& line : lines) {
    for (size_t n = 0; n + 1 < line.size(); ++n)
      widths[n] = std::max(widths[n], cell_width(line[n]));
  }
  std::string out;
  for (const Cells& line : lines) {
    for (size_t n = 0; n < line.size(); ++n) {
      const bool last = n + 1 == line.size();
      const std::string blanks(last ? 0 : widths[n] - cell_width(line[n]), ' ');
      const bool right = n >= first_figure && n < behind_figures;
      out += (right ? blanks + line[n] : line[n] + blanks) + (last ? "\n" : "  ");
    }
  }
  return out;
}

std::string run_csv(const ordered_json& list) {
  std::string out = "run,model";
  for (const char* kind : {"knobs", "metrics"}) {
    for (const std::string name : list[kind]) out += "," + quoted_cell(name);
  }
  out += ",when,finished,step,error\n";
  for (const ordered_json& run : list["runs"]) {
    out += quoted_cell(run["name"]) + ",";
    out += run.contains("model") ? quoted_cell(run["model"]) : "";
    for (const char* kind : {"knobs", "metrics"}) {
      for (const std::string name : list[kind]) {
        const bool there = run.contains(kind) && run[kind].contains(name) &&
                           (std::string(kind) == "knobs" || !run[kind][name].is_null());
        out += "," + (there ? quoted_cell(cell_text(run[kind][name])) : "");
      }
    }
    out += "," + run["when"].get<std::string>();
    for (const char* key : {"finished", "step", "error"})
      out += "," + (run.contains(key) ? quoted_cell(cell_text(run[key])) : "");
    out += "\n";
  }
  return out;
}

}  // namespace latent
