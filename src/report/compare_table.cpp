#include "src/report/compare_table.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace latent {

namespace {

using nlohmann::ordered_json;
using Cells = std::vector<std::string>;

std::string formatted(const char* pattern, double value) {
  char text[48];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string dumped(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

/// Text without quotes, nothing for null, all else as JSON.
std::string plain(const ordered_json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : dumped(value);
}

std::string mean_and_sd(const ordered_json& metric, const char* plus_minus) {
  const std::string mean = formatted("%.4f", metric["mean"].get<double>());
  if (metric["sd"].is_null()) return mean;
  return mean + plus_minus + formatted("%.4f", metric["sd"].get<double>());
}

std::string p_text(double p) { return p < 0.0001 ? "<0.0001" : formatted("%.4f", p); }

/// Characters of UTF-8 text.
size_t width_of(const std::string& text) {
  const auto begins = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
  return static_cast<size_t>(std::ranges::count_if(text, begins));
}

/// Lines of cells under one another, two blanks between columns; without blanks at the ends. Line
/// breaks and the like in names would tear the table.
std::string aligned(std::vector<Cells> lines) {
  std::vector<size_t> widths;
  for (Cells& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::string& cell : line)
      std::ranges::replace_if(
          cell, [](char c) { return static_cast<unsigned char>(c) < 32; }, '?');
    for (size_t n = 0; n < line.size(); ++n) widths[n] = std::max(widths[n], width_of(line[n]));
  }
  std::string out;
  for (const Cells& line : lines) {
    std::string text;
    for (size_t n = 0; n < line.size(); ++n)
      text += line[n] + std::string(widths[n] - width_of(line[n]) + 2, ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  }
  return out;
}

Cells difference_cells(const ordered_json& metric) {
  if (metric["reference"].get<bool>()) return {"reference"};
  const ordered_json& d = metric["difference"];
  if (d.is_null()) return {};
  return {formatted("%+.4f", d["mean"].get<double>()),
          "[" + formatted("%+.4f", d["interval"][0].get<double>()) + ", " +
              formatted("%+.4f", d["interval"][1].get<double>()) + "]",
          p_text(d["p_holm"].get<double>()), formatted("%+.2f", d["rank_biserial"].get<double>()),
          d["verdict"].get<std::string>()};
}

/// "rmse", "ndcg@10 (sampled), 943 users".
std::string title_of(const ordered_json& comparison, const std::string& metric) {
  const bool of_ratings = metric.find("mse") != std::string::npos ||
                          metric.find("mae") != std::string::npos;
  std::string out = metric;
  if (comparison.contains("sampled") && !of_ratings) out += " (sampled)";
  for (const ordered_json& row : comparison["rows"]) {
    const ordered_json& d = row["metrics"][metric]["difference"];
    if (!d.is_null()) return out + ", " + dumped(d["users"]) + " users";
  }
  return out;
}

std::string metric_lines(const ordered_json& comparison, const std::string& metric) {
  std::vector<Cells> lines = {{"", "run", "model", "seeds", "mean ± sd"}};
  bool any = false;
  for (const ordered_json& row : comparison["rows"]) {
    const ordered_json& own = row["metrics"][metric];
    any = any || !own["difference"].is_null();
    Cells line = {own["winner"].get<bool>() ? "*" : "", row["name"], row["model"],
                  dumped(row["n"]), mean_and_sd(own, " ± ")};
    for (std::string& cell : difference_cells(own)) line.push_back(std::move(cell));
    lines.push_back(line);
  }
  if (any) {
    for (const char* name : {"difference", "95 % interval", "p (Holm)", "rank-biserial", ""})
      lines[0].emplace_back(name);
  }
  return title_of(comparison, metric) + "\n" + aligned(lines);
}

std::string megabytes(const ordered_json& bytes) {
  return bytes.is_null() ? "-" : formatted("%.0f MB", bytes.get<double>() / 1e6);
}

std::string cost_lines(const ordered_json& comparison) {
  std::vector<Cells> lines = {{"", "run", "training", "peak memory", "parameters",
                               "a list of 10", "knobs that differ"}};
  for (const ordered_json& row : comparison["rows"]) {
    const ordered_json& seconds = row["seconds"];
    const ordered_json& parameters = row["parameters"];
    const ordered_json& list = row["list_milliseconds"];
    std::string knobs;
    for (const auto& [name, value] : row["knobs"].items())
      knobs += (knobs.empty() ? "" : " ") + name + "=" + plain(value);
    lines.push_back({"", row["name"],
                     seconds.is_null() ? "-" : formatted("%.2f s", seconds.get<double>()),
                     megabytes(row["peak_memory_bytes"]),
                     parameters.is_null() ? "-" : formatted("%.0f", parameters.get<double>()),
                     list.is_null() ? "-" : formatted("%.3f ms", list.get<double>()), knobs});
  }
  return "costs, means over seeds\n" + aligned(lines);
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

std::string latex_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\textbackslash{}";
    } else if (std::string("&%$#_{}").find(c) != std::string::npos) {
      out += std::string("\\") + c;
    } else if (c == '~' || c == '^') {
      out += std::string("\\") + c + "{}";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string compare_table(const ordered_json& comparison) {
  std::string out;
  for (const std::string metric : comparison["metrics"])
    out += metric_lines(comparison, metric) + "\n";
  return out + cost_lines(comparison);
}

std::string compare_csv(const ordered_json& comparison) {
  const Cells of_row = {"name", "model", "n"};
  const Cells of_metric = {"mean", "sd", "reference", "winner"};
  const Cells of_difference = {"mean", "low", "high", "users", "p", "p_holm", "rank_biserial",
                               "verdict"};
  const Cells costs = {"seconds", "peak_memory_bytes", "parameters", "list_milliseconds"};
  std::string out =
      "run,model,seeds,metric,mean,sd,reference,winner,difference,low,high,users,p,p_holm,"
      "rank_biserial,verdict,seconds,peak_memory_bytes,parameters,list_milliseconds\n";
  for (const ordered_json& row : comparison["rows"]) {
    for (const std::string metric : comparison["metrics"]) {
      const ordered_json& own = row["metrics"][metric];
      ordered_json difference = own["difference"];
      if (!difference.is_null()) {
        difference["low"] = difference["interval"][0];
        difference["high"] = difference["interval"][1];
      }
      std::string line;
      for (const std::string& key : of_row) line += csv_cell(plain(row[key])) + ",";
      line += csv_cell(metric);
      for (const std::string& key : of_metric) line += "," + plain(own[key]);
      for (const std::string& key : of_difference)
        line += "," + (difference.is_null() ? "" : plain(difference[key]));
      for (const std::string& key : costs) line += "," + plain(row[key]);
      out += line + "\n";
    }
  }
  return out;
}

std::string compare_latex(const ordered_json& comparison) {
  std::string out = "\\begin{tabular}{llr" + std::string(comparison["metrics"].size(), 'c') +
                    "}\n\\hline\nrun & model & seeds";
  for (const std::string metric : comparison["metrics"]) out += " & " + latex_text(metric);
  out += " \\\\\n\\hline\n";
  bool dagger = false;
  for (const ordered_json& row : comparison["rows"]) {
    out += latex_text(row["name"]) + " & " + latex_text(row["model"]) + " & " + dumped(row["n"]);
    for (const std::string metric : comparison["metrics"]) {
      const ordered_json& own = row["metrics"][metric];
      const std::string figure = "$" + mean_and_sd(own, " \\pm ") + "$";
      const ordered_json& d = own["difference"];
      const bool apart = !d.is_null() && d["verdict"] != "not told apart";
      dagger = dagger || apart;
      out += " & " + (own["winner"].get<bool>() ? "\\boldmath" + figure + "\\unboldmath"
                                                : figure) +
             (apart ? "$^\\dagger$" : "");
    }
    out += " \\\\\n";
  }
  out += "\\hline\n\\end{tabular}\n";
  if (dagger)
    out += "% $^\\dagger$: differs from the reference (Wilcoxon, Holm-adjusted p < .05, and the "
           "interval over users and seeds leaves out 0). Bold: better than all others.\n";
  return out;
}

}  // namespace latent
